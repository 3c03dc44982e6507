"""What people of a run saw, in the order in which they saw it: one JSON object a line.

`at` is the machine's monotonic clock, in seconds: one clock for all clients of a run. `clock` in `Began` turns it into
the time of day, which the broker's append times are in. No token and no text of a message is in it: a message is known
by its `tag`, the first word of its content.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=True):
    """What all entries have."""

    at: float


class Began(Entry, frozen=True, kw_only=True):
    """The run has begun."""

    seed: int
    clock: float
    """What `at` 0 is in seconds since the epoch."""


class Opened(Entry, frozen=True, kw_only=True):
    """A handshake was answered 101. `connection` is the run's own number; it is in the connection's user agent."""

    connection: int
    client: str
    user: str
    gateway: str


class Closed(Entry, frozen=True, kw_only=True):
    """A connection is over. `own`: its client closed it or let it go; `silent`: without telling the other side."""

    connection: int
    code: int = 1006
    own: bool = False
    silent: bool = False


class Sent(Entry, frozen=True, kw_only=True):
    """A message left on a connection; the same `tag` again where it is sent again."""

    connection: int
    room: str
    tag: str
    keyed: bool = False
    """Its tag is its `clientMessageId` too."""


class Acked(Entry, frozen=True, kw_only=True):
    """An ACK."""

    connection: int
    tag: str
    message: str


class Refused(Entry, frozen=True, kw_only=True):
    """An ERROR or VERIFICATION_REQUIRED frame; UNAVAILABLE and THROTTLED among them."""

    connection: int
    code: str
    tag: str | None = None


class Received(Entry, frozen=True, kw_only=True):
    """A MESSAGE frame."""

    connection: int
    room: str
    seq: int
    message: str
    tag: str


class Fetched(Entry, frozen=True, kw_only=True):
    """A client has read the history of a room to its end, while `connection` was open: pairs of seq and messageId."""

    client: str
    connection: int
    room: str
    messages: tuple[tuple[int, str], ...] = ()


class Asked(Entry, frozen=True, kw_only=True):
    """A command of the HTTP API and its status; 0: no answer."""

    user: str
    what: str
    room: str
    status: int


class FaultBegan(Entry, frozen=True, kw_only=True):
    """A fault is on. `number` pairs it with its end."""

    number: int
    name: str
    target: str


class FaultEnded(Entry, frozen=True, kw_only=True):
    """A fault is over; `error`: it could not be done, or not be undone."""

    number: int
    error: str | None = None


class Recovered(Entry, frozen=True, kw_only=True):
    """What a fault had hit works again: `what` is `process`, `delivery` or `clients`."""

    number: int
    what: str
    seconds: float


class Drained(Entry, frozen=True, kw_only=True):
    """The load has stopped and everybody has what they are owed; or time is over: `complete` tells."""

    complete: bool


class Ended(Entry, frozen=True, kw_only=True):
    """The log and the table were read from now on; those connections that are open still are."""


AnyEntry = (
    Began
    | Opened
    | Closed
    | Sent
    | Acked
    | Refused
    | Received
    | Fetched
    | Asked
    | FaultBegan
    | FaultEnded
    | Recovered
    | Drained
    | Ended
)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AnyEntry).decode


class Journal:
    """Appends entries to a file; a run that is killed loses at most what was written since the last `flush`."""

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("ab", buffering=1024 * 1024)

    def write(self, entry: AnyEntry) -> None:
        """Append one entry."""
        self._file.write(_encode(entry) + b"\n")

    def flush(self) -> None:
        """Give what was written to the operating system."""
        self._file.flush()

    def close(self) -> None:
        """Flush, and no more."""
        self._file.close()


def read_journal(path: Path) -> list[AnyEntry]:
    """All whole entries; a last line that was cut short is left out."""
    return list(entries_in(path.read_bytes().split(b"\n")))


def entries_in(lines: Iterable[bytes]) -> Iterable[AnyEntry]:
    """The entries of lines; a line that is none is left out if nothing follows it. Raises msgspec.DecodeError."""
    broken: Exception | None = None
    for line in lines:
        if not line:
            continue
        if broken is not None:
            raise broken
        try:
            yield _decode(line)
        except msgspec.DecodeError as error:
            broken = error
