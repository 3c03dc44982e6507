"""Each recorded submission before its judge again, with the rows that the recorded facts had made by then.

The state is that of the recorded facts, never of the decisions made here: so one that differs does not make the next
ones differ. The profile is the one that the fact says it stood on. Memory: rows beyond a bound go to a file.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import msgspec

from chassis.projection.rooms import rows_of
from chassis.projection.view import Contradiction, Writes, apply
from chassis.records import Record
from contracts import table
from contracts.envelope import ContractError, encode
from contracts.facts import Fact
from contracts.rows import ProfileRow, Row
from contracts.table import Key
from contracts.topics import ROOMS, SUBMISSIONS, USERS
from contracts.users import ProfileUpdated
from replay.fold import Fold
from replay.log import Log, Part, Place
from replay.merge import story
from replay.seen import Seen, see
from replay.shadow.causes import Changed, compare
from replay.shadow.judge import Answer, Request
from replay.spill import SpilledRows
from replay.timeline import OnProgress, Window
from services.persistence.case import Rules
from services.persistence.decide import reads_of
from services.persistence.received import WrongKey, receive

UNANSWERED = 200_000
_NEVER_READ = frozenset({"MESSAGE", table.LAST_MESSAGE})
_pack = msgspec.msgpack.Encoder().encode
Decides = Callable[[Request], Answer]


@dataclass(slots=True)
class Judged:
    """What was looked at."""

    decided: int = 0
    differ: int = 0
    unanswered: int = 0
    """Submissions that no fact answers: not decided yet, or never to be (another room's key)."""
    before_history: set[str] = field(default_factory=set)
    """Rooms whose beginning retention has taken."""


class Shadow:
    """One run."""

    def __init__(self, log: Log, decides: Decides, rules: Rules, on_progress: OnProgress) -> None:
        self._log = log
        self._decides = decides
        self._rules = rules
        self._on_progress = on_progress
        self.judged = Judged()

    async def run(self, window: Window) -> AsyncIterator[Changed]:
        """The submissions in the window that would be decided otherwise, partition by partition, in order."""
        rows = SpilledRows()
        try:
            await self._profiles(rows)
            for number in range(self._log.count(SUBMISSIONS)):
                async for changed in self._partition(number, rows, window):
                    self.judged.differ += 1
                    yield changed
        finally:
            rows.close()

    async def _profiles(self, rows: SpilledRows) -> None:
        """Every state that a profile ever had, by its position: facts name the one that they stood on."""
        fold = Fold(messages=False)
        async for batch in self._log.records(await self._log.between(self._log.parts(USERS))):
            for record in batch:
                event = see(record).event
                if isinstance(event, ProfileUpdated):
                    made = fold.profile(event, record.offset).get(table.profile(event.user_id))
                    if isinstance(made, ProfileRow):
                        rows[_version(event.user_id, made.position)] = made

    async def _partition(self, number: int, rows: SpilledRows, window: Window) -> AsyncIterator[Changed]:
        waiting: dict[int, Record] = {}
        parts = [Part(SUBMISSIONS.name, number), Part(ROOMS.name, number)]
        spans = await self._log.between(parts, None, window.to_ms)
        total = sum(len(span) for span in spans.values())
        async for seen in story(
            self._log, spans, lambda _k, _v: True, lambda _seen: True, lambda read: self._on_progress(read, total)
        ):
            if seen.record.topic == SUBMISSIONS.name:
                waiting[seen.record.offset] = seen.record
                if len(waiting) > UNANSWERED:
                    self._give_up(waiting)
            elif isinstance(seen.event, Fact):
                changed = self._answered(seen, seen.event, waiting, rows, window)
                if changed is not None:
                    yield changed
        self.judged.unanswered += len(waiting)

    def _give_up(self, waiting: dict[int, Record]) -> None:
        del waiting[next(iter(waiting))]
        self.judged.unanswered += 1

    def _answered(
        self, seen: Seen, fact: Fact, waiting: dict[int, Record], rows: SpilledRows, window: Window
    ) -> Changed | None:
        record = waiting.pop(fact.submission.offset, None)
        if record is None or fact.chat_room_id in self.judged.before_history:
            return None
        changed = None
        if window.holds(see(record)):
            changed = self._judge(record, seen, fact, rows)
        self._go_on(fact, rows)
        return changed

    def _judge(self, record: Record, seen: Seen, fact: Fact, rows: SpilledRows) -> Changed | None:
        answer = self._decides(self._request(record, fact, rows))
        self.judged.decided += 1
        place = Place(record.topic, record.partition, record.offset)
        return compare(place, encode(seen.event or fact), answer.fact, answer.problem)

    def _request(self, record: Record, fact: Fact, rows: SpilledRows) -> Request:
        keys = [table.fence(fact.chat_room_id), table.room(fact.chat_room_id), *_read_by(record)]
        found = {key: self._row(key, fact, rows) for key in keys}
        packed = [(*key, type(row).__name__, _pack(row)) for key, row in found.items() if row is not None]
        return Request(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp,
            record.key,
            record.value,
            record.headers,
            packed,
            self._rules.participants_most,
            self._rules.verification_message,
        )

    def _row(self, key: Key, fact: Fact, rows: SpilledRows) -> Row | None:
        if key.sk != table.PROFILE:
            return rows.get(key)
        if not isinstance(fact.profile_position, int):
            return None
        return rows.get(_version(key.pk.partition("#")[2], fact.profile_position))

    def _go_on(self, fact: Fact, rows: SpilledRows) -> None:
        try:
            writes: Writes = rows_of(fact, rows)
        except Contradiction:
            self.judged.before_history.add(fact.chat_room_id)
            return
        apply(rows, {key: row for key, row in writes.items() if key.sk.partition("#")[0] not in _NEVER_READ})


def _read_by(record: Record) -> list[Key]:
    """What today's rules read; other code that reads more finds it absent."""
    try:
        received = receive(record)
    except (ContractError, WrongKey):
        return []
    # Not the OUTCOME of a creation, which guards it against a second answer: each is decided once here.
    return list(reads_of(received))


def _version(user_id: str, position: int) -> Key:
    return Key(f"PROFILE#{user_id}", f"{position}")
