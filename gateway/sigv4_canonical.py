"""The canonical form of a request as it was sent (spec 6): what signer and verifier must agree on, byte by byte.

boto3 sends `/prod/@connections/L0SM9cOFvHcCIhw%3D` and signs `/prod/%40connections/L0SM9cOFvHcCIhw%253D`: the sent path
encoded once more. So only the raw path will do; from the decoded one nobody can tell `=` from `%3D`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote

Headers = Mapping[str, Sequence[str]]
"""Lower-case name → its values in the order sent."""


def canonical_request(
    method: str, raw_path: bytes, raw_query: bytes, headers: Headers, signed: Iterable[str], payload_hash: str
) -> bytes:
    """The text whose hash is signed."""
    names = tuple(signed)
    lines = (
        method.upper(),
        canonical_path(raw_path),
        canonical_query(raw_query),
        "".join(f"{name}:{','.join(map(_trimmed, headers[name]))}\n" for name in names),
        ";".join(names),
        payload_hash,
    )
    return "\n".join(lines).encode("utf-8")


@lru_cache(maxsize=64)
def canonical_path(raw_path: bytes) -> str:
    """The sent path without `.`, `..` and `//`, each byte but the unreserved ones and `/` encoded (once more)."""
    return quote(_without_dot_segments(raw_path), safe="/~")


def canonical_query(raw_query: bytes) -> str:
    """The parameters as sent, in order of name and value; one without `=` has an empty value."""
    if not raw_query:
        return ""
    pairs = sorted((name, value) for name, _, value in (pair.partition(b"=") for pair in raw_query.split(b"&")))
    return "&".join(f"{name.decode('latin-1')}={value.decode('latin-1')}" for name, value in pairs)


def payload_hash(body: bytes) -> str:
    """SHA-256 of the body, in hex."""
    return hashlib.sha256(body).hexdigest()


def _without_dot_segments(path: bytes) -> bytes:
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    return b"/" + b"/".join(kept) + (b"/" if kept and path.endswith(b"/") else b"")


def _trimmed(value: str) -> str:
    return " ".join(value.split())
