"""The paths of the connection API (spec 6), as they are sent: `@` or `%40`, `=` or `%3D`. Pure."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import unquote

from contracts.connection_api import BULK_PATH_SUFFIX

Call = Literal["post", "get", "delete", "bulk"]
_CALLS: Final[dict[str, Call]] = {"POST": "post", "GET": "get", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about; the connection id is not checked yet."""

    call: Call
    stage: str
    connection_id: str = ""


@lru_cache(maxsize=64)
def target(method: str, raw_path: bytes) -> Target | None:
    """The target of a request, or None: no such call. Dot segments and `//` count as they do in the signature."""
    segments = [unquote(segment) for segment in _normalised(raw_path.decode("latin-1"))]
    match segments:
        case [stage, "@connections", connection_id] if method in _CALLS:
            return Target(_CALLS[method], stage, connection_id)
        case [stage, name] if name == BULK_PATH_SUFFIX and method == "POST":
            return Target("bulk", stage)
    return None


def _normalised(path: str) -> list[str]:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return kept
