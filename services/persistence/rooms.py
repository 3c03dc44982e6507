"""The handler of chat.submissions: one lane is one room (spec 5 and 11).

    records ─▶ those at or below FENCE: their facts again, from FENCE.facts
            ─▶ the others: one read ─▶ decide ─▶ one transaction ─▶ facts

The handler takes as many records from the head as make one step and leaves the rest in the lane, so that the facts of
a transaction are acknowledged before the room's next one. It may die, or be repeated, anywhere.
"""

import time
from collections.abc import Sequence
from itertools import takewhile

import msgspec

from chassis.batches import Handled
from chassis.logs import get_logger
from chassis.projection.view import apply, held
from chassis.records import Outgoing, Record
from chassis.traces.port import Traces
from contracts import table
from contracts.envelope import ContractError
from contracts.facts import CommandRejected, Fact, MessageRejected, SubmissionRef
from contracts.ids import is_id
from contracts.rows import FenceRow, Row
from contracts.table import Key
from contracts.topics import ROOMS
from services.persistence import metrics, tracing
from services.persistence.case import Rules
from services.persistence.decide import Decision, decide, put_aside, reads_of, verdict_key
from services.persistence.last_words import last_words
from services.persistence.received import Received, WrongKey, receive, trace_of
from services.persistence.store import RoomStore
from services.persistence.transaction import DYNAMODB, Limits, transaction_of

_log = get_logger(__name__)


class _Answer(msgspec.Struct):
    """As much of a fact as tells which submission it answers."""

    submission: SubmissionRef


_answer_in = msgspec.json.Decoder(_Answer).decode


class RoomHandler:
    """Decides what people asked of rooms."""

    def __init__(
        self, store: RoomStore, rules: Rules, limits: Limits = DYNAMODB, *, traces: Traces | None = None
    ) -> None:
        self._store = store
        self._rules = rules
        self._limits = limits
        self._traces = traces

    async def handle(self, batch: Sequence[Record]) -> Handled:
        """One step of a room. Raises retryable errors, and what is bad in the first record itself."""
        room_id = _room_of(batch[0])
        submissions, bad = _good_head(batch)
        rows = await self._load(room_id, submissions)
        decided = _decided(batch, rows.get(table.fence(room_id)))
        if decided:
            return await self._again(room_id, batch[:decided])
        if bad is not None and not submissions:
            raise bad
        return await self._commit(room_id, batch, self._decide(submissions, rows), rows)

    async def answer_dead_letter(self, record: Record, error: Exception) -> Handled:
        """Refuse what was put aside, at its place in the room's order, if it can be told who is to be answered."""
        received = last_words(record)
        if received is None:
            _log.warning("nobody can be told of a dead letter", offset=record.offset, error=type(error).__name__)
            return Handled()
        room_id = received.submission.chat_room_id
        rows = await self._load(room_id, [received])
        if _decided([record], rows.get(table.fence(room_id))):
            return await self._again(room_id, [record])
        return await self._commit(room_id, [record], [put_aside(received, rows, self._rules)], rows)

    async def _load(self, room_id: str, submissions: Sequence[Received]) -> dict[Key, Row]:
        keys = [key for one in submissions for key in reads_of(one)]
        verdicts = [key for one in submissions if (key := verdict_key(one)) is not None]
        return await self._store.load(room_id, keys, verdicts)

    def _decide(self, submissions: Sequence[Received], rows: dict[Key, Row]) -> list[Decision]:
        began, view = time.perf_counter(), dict(rows)
        decisions = []
        for one in submissions:
            decision = decide(one, view, self._rules)
            apply(view, decision.writes)
            decisions.append(decision)
        metrics.DECIDE_SECONDS.observe(time.perf_counter() - began)
        return decisions

    async def _commit(
        self, room_id: str, batch: Sequence[Record], decisions: Sequence[Decision], rows: dict[Key, Row]
    ) -> Handled:
        fence_key = table.fence(room_id)
        transaction = transaction_of(decisions, fence_key, held(rows, fence_key, FenceRow), self._limits)
        apply(rows, transaction.writes)
        began = time.perf_counter()
        with tracing.transaction(self._traces, room_id, batch[: transaction.taken]):
            await self._store.commit(room_id, transaction, rows)
        metrics.COMMIT_SECONDS.observe(time.perf_counter() - began)
        metrics.ROOM_TRANSACTION_SUBMISSIONS.observe(transaction.taken)
        for decision in decisions[: transaction.taken]:
            _count(decision.fact)
        pairs = zip(transaction.facts, batch, strict=False)
        return Handled([_outgoing(room_id, fact, record) for fact, record in pairs], taken=transaction.taken)

    async def _again(self, room_id: str, decided: Sequence[Record]) -> Handled:
        """The facts of these records that may not have reached the log: those of the room's last transaction."""
        self._store.forget(room_id)
        fence = await self._store.fence(room_id)
        records = {record.offset: record for record in decided}
        facts = [(_answer_in(fact).submission.offset, fact) for fact in (fence.facts if fence else ())]
        publish = [_outgoing(room_id, fact, records[offset]) for offset, fact in facts if offset in records]
        metrics.FACTS_AGAIN.inc(len(publish))
        return Handled(publish, taken=len(decided))


def _room_of(record: Record) -> str:
    key = (record.key or b"").decode("ascii", "replace")
    if not is_id(key):
        raise WrongKey("the record's key is not the id of a room")
    return key


def _good_head(batch: Sequence[Record]) -> tuple[list[Received], Exception | None]:
    """The submissions up to the first record that cannot be read, and what is wrong with that one."""
    good: list[Received] = []
    for record in batch:
        try:
            good.append(receive(record))
        except (ContractError, WrongKey) as error:
            return good, error
    return good, None


def _decided(batch: Sequence[Record], fence: Row | None) -> int:
    """How many of the head stand at or below FENCE: they are never decided again."""
    if fence is None:
        return 0
    return sum(1 for _ in takewhile(lambda record: record.offset <= fence.position, batch))


def _outgoing(room_id: str, fact: bytes, record: Record) -> Outgoing:
    return Outgoing(ROOMS.name, room_id, fact, trace_of(record))


def _count(fact: Fact) -> None:
    code = fact.code if isinstance(fact, MessageRejected | CommandRejected) else ""
    metrics.FACTS.labels(type(fact).__name__, code).inc()
