"""Records that were put aside: which there are, and putting them back or doing without them (spec 11).

A dead letter stays where it is; what became of it is told by a record after it, in the same partition. Putting back
publishes the untouched record where it stood, with a header that names the letter. It is safe to do twice: the second
time finds the marker, or the record itself; and what comes twice all the same keeps its eventId, by which it is known.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from chassis.log_reader import Span
from chassis.publisher import Publisher
from chassis.records import Outgoing, Record
from contracts.headers import (
    DEAD_ERROR,
    DEAD_ERROR_CODE,
    DEAD_OFFSET,
    DEAD_PARTITION,
    DEAD_TOPIC,
    REDRIVEN,
    SETTLED,
    SETTLED_LETTER,
)
from contracts.timestamps import iso
from contracts.topics import BY_NAME, DEAD_LETTERS
from replay.log import Log, Part, Place
from replay.seen import dead_place, see
from replay.words import data_of, sentence, why_dead

OURS = frozenset({DEAD_TOPIC, DEAD_PARTITION, DEAD_OFFSET, DEAD_ERROR_CODE, DEAD_ERROR})
State = Literal["open", "redriven", "discarded"]


class NoSuchLetter(Exception):
    """There is no dead letter there."""

    code = "NO_SUCH_LETTER"
    retryable = False


class Unaddressed(Exception):
    """The letter does not tell which topic it came from."""

    code = "UNADDRESSED"
    retryable = False


class Publishes(Protocol):
    """The part of chassis.publisher.Publisher that is needed."""

    async def publish(self, messages: list[Outgoing]) -> Any:
        """Publish all; returns when each is acknowledged."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One record that was put aside."""

    record: Record
    state: State

    @property
    def id(self) -> str:
        """How commands name it: partition/offset in chat.dead-letters."""
        return f"{self.record.partition}/{self.record.offset}"

    @property
    def origin(self) -> Place | None:
        """Where it stood."""
        return dead_place(self.record)

    @property
    def error_code(self) -> str:
        """A short name of what was wrong."""
        return (self.record.header(DEAD_ERROR_CODE) or b"unknown").decode("utf-8", "replace")

    def original(self) -> Record | None:
        """The record as it stood; None where the letter does not tell where."""
        origin = self.origin
        if origin is None or origin.topic not in BY_NAME:
            return None
        kept = tuple(header for header in self.record.headers if header[0] not in OURS)
        key = self.record.key or None
        return Record(*origin, self.record.timestamp, key, self.record.value, kept)

    def data(self, *, show_content: bool) -> dict[str, Any]:
        """As JSON holds it."""
        original, origin = self.original(), self.origin
        seen = None if original is None else see(original)
        value = self.record.value
        return {
            "id": self.id,
            "state": self.state,
            "time": iso(self.record.timestamp),
            "origin": None if origin is None else str(origin),
            "key": (self.record.key or b"").decode("utf-8", "replace"),
            "code": self.error_code,
            "error": why_dead(self.record),
            "bytes": None if value is None else len(value),
            "what": None if seen is None else sentence(seen, show_content=show_content),
            "event": None if seen is None else data_of(seen, show_content=show_content),
            **({"value": None if value is None else value.decode("utf-8", "replace")} if show_content else {}),
        }


async def letters(log: Log) -> AsyncIterator[Letter]:
    """All letters that are left, partition by partition, with what became of them."""
    for part in log.parts(DEAD_LETTERS):
        spans = {part: log.span(part)}
        settled = await _settled(log, spans)
        async for batch in log.records(spans):
            for record in batch:
                if record.header(SETTLED) is None:
                    yield Letter(record, settled.get(f"{record.partition}/{record.offset}", "open"))


async def letter(log: Log, letter_id: str) -> Letter:
    """One letter by its id; raises NoSuchLetter."""
    partition, _, offset = letter_id.partition("/")
    part = Part(DEAD_LETTERS.name, int(partition)) if partition.isdecimal() and offset.isdecimal() else None
    if part is None or part not in log.parts(DEAD_LETTERS):
        raise NoSuchLetter(f"{letter_id!r} names no dead letter: `kaiwa replay dead-letters list` shows them")
    record = await log.record_at(Place(*part, int(offset)))
    if record is None or record.header(SETTLED) is not None:
        raise NoSuchLetter(f"there is no dead letter at {letter_id}")
    settled = await _settled(log, {part: log.span(part)})
    return Letter(record, settled.get(f"{record.partition}/{record.offset}", "open"))


async def _settled(log: Log, spans: dict[Part, Span]) -> dict[str, State]:
    found: dict[str, State] = {}
    # A marker has no value, and few others have none: nothing else is decoded.
    async for batch in log.records(spans, keep=lambda _key, value: value is None):
        for record in batch:
            state, which = record.header(SETTLED), record.header(SETTLED_LETTER)
            if state in {b"redriven", b"discarded"} and which is not None:
                found[which.decode()] = "redriven" if state == b"redriven" else "discarded"
    return found


async def redrive(log: Log, publisher: Publisher | Publishes, one: Letter) -> Literal["redriven", "was redriven"]:
    """Put the letter back where it stood; raises Unaddressed, or what the publisher raises (do it again)."""
    original = one.original()
    if original is None:
        raise Unaddressed(f"the letter {one.id} does not say where it came from: it can only be discarded")
    if one.state == "redriven":
        return "was redriven"
    stands = await _stands_already(log, original, one)
    if not stands:
        await publisher.publish([put_back(original, one.id)])
    await publisher.publish([marker(one, "redriven")])
    return "was redriven" if stands else "redriven"


async def discard(publisher: Publisher | Publishes, one: Letter) -> Literal["discarded", "was discarded"]:
    """Note that nobody wants it back; it stays until retention takes it."""
    if one.state == "discarded":
        return "was discarded"
    await publisher.publish([marker(one, "discarded")])
    return "discarded"


def put_back(original: Record, letter_id: str) -> Outgoing:
    """The record as it goes back: key, value and headers untouched, to the partition where it stood."""
    headers = (*original.headers, (REDRIVEN, letter_id.encode()))
    key = original.key if original.key is not None or original.value is not None else b""
    return Outgoing(original.topic, key, original.value, headers, original.partition)


def marker(one: Letter, state: Literal["redriven", "discarded"]) -> Outgoing:
    """The record that tells what became of a letter."""
    headers = ((SETTLED, state.encode()), (SETTLED_LETTER, one.id.encode()))
    return Outgoing(DEAD_LETTERS.name, one.record.key or b"", None, headers, one.record.partition)


async def _stands_already(log: Log, original: Record, one: Letter) -> bool:
    """Whether it was put back, and whoever did it died before the marker."""
    part, which = Part(original.topic, original.partition), one.id.encode()
    spans = await log.between([part], one.record.timestamp)
    async with aclosing(_redriven(log, spans)) as found:
        async for record in found:
            if record.header(REDRIVEN) == which:
                return True
    return False


async def _redriven(log: Log, spans: dict[Part, Span]) -> AsyncGenerator[Record]:
    async for batch in log.records(spans):
        for record in batch:
            if record.header(REDRIVEN) is not None:
                yield record
