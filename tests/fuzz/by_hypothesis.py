"""The same targets without coverage: seeds of the corpus, changed here and there. For where atheris has no wheel."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import CORPUS
from tests.fuzz.targets import TARGETS


def seeds(name: str) -> list[bytes]:
    """The kept inputs of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def tried(name: str, examples: int) -> None:
    """Try so many inputs; raises what the target raised, with the smallest input that does it."""
    target, known = TARGETS[name], seeds(name)
    edits = st.lists(st.tuples(st.integers(0, 4_095), st.integers(0, 3), st.binary(max_size=8)), max_size=6)

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(known) | st.binary(max_size=400), edits)
    def try_one(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
        target(changed(seed, changes))

    try_one()


def changed(seed: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """`seed` with bytes put in, replaced or cut out."""
    data = seed
    for place, cut, new in changes:
        at = place % (len(data) + 1)
        data = data[:at] + new + data[at + cut * 3 :]
    return data
