"""How tests are shared out among the workers of a run: each file stays with one, and all that need the cluster too.

So a worker that runs no test of the cluster starts none, and engines are started once for each worker.
"""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

CLUSTER = "cluster"
_ROOT = Path(__file__).parent.parent


@cache
def scope_of(file: str) -> str:
    """The group of a test file: its name, or `cluster`."""
    path = _ROOT / file
    in_browser = "browser" in path.parts
    return CLUSTER if in_browser or "mark.cluster" in path.read_text(encoding="utf-8") else file


class ByFile(LoadScopeScheduling):
    """xdist's own groups by mark need a part of pytest that 9.2 no longer has."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid.partition("::")[0])
