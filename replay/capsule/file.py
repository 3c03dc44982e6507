"""The file of a capsule: gzip of lines of JSON. The first is the manifest, the last the count and the checksum.

    {"format":"kaiwa-capsule","version":1,…}
    {"t":"chat.rooms","p":3,"o":17,"at":1753900200000,"k":"lobby","v":"{…}","h":[["traceparent","…"]]}
    {"end":true,"records":1,"sha256":"…"}          of all bytes before this line

Keys and values that are not UTF-8 stand as base64 under `k64` and `v64`; the values of headers always do.
"""

import base64
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from chassis.records import Record
from contracts.topics import BY_NAME
from replay.origin import Manifest

FORMAT = "kaiwa-capsule"
VERSION = 1
LINE_BYTES = 16 * 1024 * 1024
"""A record has at most 4 MiB; base64 and JSON's escapes make more of it."""


class BadCapsule(Exception):
    """A file that is not imported; the text says why."""

    code = "BAD_CAPSULE"
    retryable = False


class _End(msgspec.Struct):
    end: bool
    records: int
    sha256: str


class _Format(msgspec.Struct):
    format: str
    version: int


class CapsuleWriter:
    """Writes beside the name and takes it at the end, so that a file of that name is whole."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._file = gzip.GzipFile(self._part, "wb", compresslevel=6, mtime=0)
        self._sum = hashlib.sha256()
        self.records = 0
        self._line(msgspec.json.encode(manifest))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            end = _End(end=True, records=self.records, sha256=self._sum.hexdigest())
            self._file.write(msgspec.json.encode(end) + b"\n")
        self._file.close()
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)

    def write(self, record: Record) -> None:
        """Add a record."""
        self._line(msgspec.json.encode(_line_of(record)))
        self.records += 1

    def _line(self, line: bytes) -> None:
        self._sum.update(line + b"\n")
        self._file.write(line + b"\n")


def read_capsule(path: Path) -> tuple[Manifest, int]:
    """Check the whole file; its manifest and how many records it holds. Raises BadCapsule or OSError."""
    manifest: Manifest | None = None
    count = 0
    for one in _checked(path):
        if isinstance(one, Manifest):
            manifest = one
        else:
            count += 1
    if manifest is None:
        raise BadCapsule(f"{path} is empty")
    return manifest, count


def records_of(path: Path) -> Iterator[Record]:
    """The records of a capsule that `read_capsule` has accepted."""
    return (one for one in _checked(path) if isinstance(one, Record))


def _checked(path: Path) -> Iterator[Manifest | Record]:
    checksum, count, is_whole = hashlib.sha256(), 0, False
    lines = _lines(path)
    first = next(lines, b"")
    yield _manifest(path, first)
    checksum.update(first)
    for line in lines:
        if is_whole:
            raise BadCapsule(f"{path} is corrupt: it goes on after its end")
        if line.startswith(b'{"end":'):
            _require_sum(path, line, checksum.hexdigest(), count)
            is_whole = True
            continue
        checksum.update(line)
        count += 1
        yield _record(path, line)
    if not is_whole:
        raise BadCapsule(f"{path} is truncated: its end is missing")


def _lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        try:
            while line := file.readline(LINE_BYTES + 1):
                if len(line) > LINE_BYTES:
                    raise BadCapsule(f"{path} is corrupt: a line has over {LINE_BYTES:,} bytes")
                yield line
        except EOFError:
            raise BadCapsule(f"{path} is truncated: the file ends in the middle") from None
        except gzip.BadGzipFile as error:
            raise BadCapsule(f"{path} is no capsule, or corrupt: {error}") from None
        except zlib.error as error:
            raise BadCapsule(f"{path} is corrupt: {error}") from None


def _manifest(path: Path, line: bytes) -> Manifest:
    try:
        head = msgspec.json.decode(line, type=_Format)
    except msgspec.MsgspecError:
        raise BadCapsule(f"{path} is no capsule of Kaiwa: it does not begin with a manifest") from None
    if head.format != FORMAT:
        raise BadCapsule(f"{path} is no capsule of Kaiwa: it calls itself {head.format[:64]!r}")
    if head.version != VERSION:
        raise BadCapsule(f"{path} has version {head.version}, this code knows {VERSION}: use the code that wrote it")
    try:
        return msgspec.json.decode(line, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadCapsule(f"{path} is corrupt: {error}") from None


def _require_sum(path: Path, line: bytes, found: str, count: int) -> None:
    try:
        end = msgspec.json.decode(line, type=_End)
    except msgspec.MsgspecError as error:
        raise BadCapsule(f"{path} is corrupt: {error}") from None
    if end.sha256 != found or end.records != count:
        raise BadCapsule(f"{path} is corrupt: its checksum is not that of its content")


def _line_of(record: Record) -> dict[str, Any]:
    made: dict[str, Any] = {"t": record.topic, "p": record.partition, "o": record.offset, "at": record.timestamp}
    made |= _text("k", record.key) | _text("v", record.value)
    if record.headers:
        made["h"] = [[name, base64.b64encode(value).decode()] for name, value in record.headers]
    return made


def _record(path: Path, line: bytes) -> Record:
    try:
        made = msgspec.json.decode(line, type=dict[str, Any])
        headers = tuple((name, base64.b64decode(value)) for name, value in made.get("h", ()))
        place = (str(made["t"]), int(made["p"]), int(made["o"]), int(made["at"]))
        record = Record(*place, _bytes(made, "k"), _bytes(made, "v"), headers)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise BadCapsule(f"{path} is corrupt: a line is no record ({type(error).__name__})") from None
    if record.topic not in BY_NAME:
        raise BadCapsule(f"{path} is corrupt: it holds records of {record.topic[:64]!r}")
    return record


def _text(name: str, value: bytes | None) -> dict[str, str]:
    if value is None:
        return {}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}64": base64.b64encode(value).decode()}


def _bytes(made: dict[str, Any], name: str) -> bytes | None:
    if f"{name}64" in made:
        return base64.b64decode(made[f"{name}64"])
    text = made.get(name)
    return None if text is None else str(text).encode()
