"""One partition of chat.connections: events in, records and chat.presence out, in that order (spec 4, 5 and 9).

A batch: fold ─▶ one fenced transaction ─▶ chat.presence acknowledged ─▶ controls, retirements ─▶ acknowledged.
Whatever dies between two of these, the events are read again: records below the CHECKPOINT are not written again,
states at or above an event's offset do not change again, publishing again is harmless.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from chassis import metrics as chassis_metrics
from chassis.backoff import Backoff, is_retryable
from chassis.dead_letters import code_of, dead_letter
from chassis.health import Health
from chassis.items import row
from chassis.logs import get_logger
from chassis.publisher import Publisher
from chassis.records import Outgoing, Record, outgoing
from chassis.table import TablePort
from chassis.table_errors import ConditionFailed
from contracts import table
from contracts.close_codes import TOO_MANY_CONNECTIONS
from contracts.connections import Connected, Disconnected, RetireCause, Retired
from contracts.controls import CloseConnection
from contracts.envelope import Undecodable
from contracts.ids import new_event_id
from contracts.presence import OpenConnection
from contracts.rows import CheckpointRow
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS, CONTROLS, PRESENCE
from services.presence import metrics
from services.presence.leases import Ended
from services.presence.records import Change, transaction
from services.presence.settings import PresenceSettings
from services.presence.state import ConnectionEvent, Step, UserState, event_of, fold, gone_offline

_log = get_logger(__name__)

RETIRE_AGAIN_S = 10.0
STOPPED_GRACE_S = 5.0

EpochEnded = Callable[[str, str], Awaitable[Ended | None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What all partitions of a worker share."""

    settings: PresenceSettings
    table: TablePort
    publisher: Publisher
    health: Health
    ended: EpochEnded
    """Why an epoch is over, or None; may read on in chat.gateways first."""


class Partition:
    """The users of one partition, and their events."""

    def __init__(self, number: int, users: dict[str, UserState], parts: Parts) -> None:
        self._number = number
        self._users = users
        self._parts = parts
        self._checkpoint: int | None = None
        self._checkpoint_known = False
        self._offline_due: dict[str, float] = {}
        self._retiring: dict[str, float] = {}
        for user in users.values():
            self._await_grace(user)

    @property
    def users(self) -> dict[str, UserState]:
        """States by user id."""
        return self._users

    async def republish(self) -> None:
        """Tell again where everybody is: who read a state of the last owner may have missed the newest."""
        here = [state for state in self._users.values() if state.connections]
        await self._publish([self._presence(state, _now()) for state in here])

    async def handle(self, batch: Sequence[Record]) -> None:
        """Take the next events to their end; repeats what is away without limit, puts aside what is bad."""
        try:
            await self._insist(lambda: self._handle(batch))
        except Exception as error:  # noqa: BLE001 - what is not retryable ends as a dead letter, with its cause
            if len(batch) == 1:
                await self._insist(partial(self._put_aside, batch[0], error))
                return
            for record in batch:
                await self.handle([record])

    async def tell_offline(self) -> None:
        """Publish `offline` for whom the grace has passed."""
        now = time.monotonic()
        due = [user for user, at in self._offline_due.items() if at <= now]
        states = [gone_offline(self._users[user]) for user in due if self._users[user].in_grace]
        await self._publish([self._presence(state, _now()) for state in states])
        self._users.update({state.user_id: state for state in states})
        for user in due:
            self._offline_due.pop(user, None)

    async def retire_ended(self) -> None:
        """Publish `retired` for connections whose gateway's epoch is over."""
        found = []
        for state in list(self._users.values()):
            for connection in state.connections:
                why = await self._parts.ended(connection.gateway_id, connection.epoch)
                if why is not None and self._may_retire(connection.connection_id, why):
                    found.append(_retired(state.user_id, connection, why))
                    metrics.RETIRED.labels(why).inc()
        await self._publish(found)

    def _may_retire(self, connection_id: str, why: Ended) -> bool:
        now = time.monotonic()
        first = connection_id not in self._retiring
        if first and why == "stopped":
            # Its own `disconnected` are in the log, and are most likely on their way here.
            self._retiring[connection_id] = now - RETIRE_AGAIN_S + STOPPED_GRACE_S
            return False
        if not first and now - self._retiring[connection_id] < RETIRE_AGAIN_S:
            return False
        self._retiring[connection_id] = now
        return True

    async def _handle(self, batch: Sequence[Record]) -> None:
        events = [(record, _decode(record)) for record in batch]
        users = dict(self._users)
        steps: list[tuple[Record, ConnectionEvent, Step]] = []
        for record, event in events:
            step = await self._fold(users, record, event)
            users[event.user_id] = step.state
            steps.append((record, event, step))
        applied = [(record, event, step) for record, event, step in steps if step.applied]
        await self._write([_change(r, e, s) for r, e, s in applied if s.opened or s.ended], batch[-1].offset + 1)
        touched = {event.user_id for _, event, _ in applied}
        await self._parts.publisher.publish([self._presence(users[user], _at(batch)) for user in sorted(touched)])
        await self._parts.publisher.publish([order for r, _, s in applied for order in _orders(r, s)])
        self._users.update({user: users[user] for user in touched})
        for user in touched:
            self._await_grace(users[user])
        for _, _, step in applied:
            self._retiring.pop(step.ended or "", None)

    async def _fold(self, users: dict[str, UserState], record: Record, event: ConnectionEvent) -> Step:
        state = users.get(event.user_id) or UserState(event.user_id)
        ended = (
            isinstance(event, Connected)
            and record.offset > state.position
            and (await self._parts.ended(event.gateway_id, event.epoch) is not None)
        )
        most = self._parts.settings.connections_per_user
        return fold(state, event, record.offset, record.timestamp, epoch_ended=ended, most=most)

    async def _write(self, changes: list[Change], following: int) -> None:
        """The records, unless they are there already; moves the fence."""
        if not self._checkpoint_known:
            await self._read_checkpoint()
        while True:
            left = [change for change in changes if self._checkpoint is None or change.offset >= self._checkpoint]
            if not left:
                return
            actions = transaction(left, self._number, checkpoint=self._checkpoint, following=following)
            try:
                await self._parts.table.transact(actions)
            except ConditionFailed:
                # Somebody else held the partition meanwhile, or an answer was lost: what the fence has passed is done.
                before = self._checkpoint
                await self._read_checkpoint()
                if self._checkpoint == before:
                    raise
            else:
                self._checkpoint = following
                return

    async def _read_checkpoint(self) -> None:
        stored = await self._parts.table.get(table.checkpoint(CONNECTIONS.name, self._number))
        self._checkpoint = None if stored is None else row(CheckpointRow, stored).position
        self._checkpoint_known = True

    async def _put_aside(self, record: Record, error: Exception) -> None:
        _log.error("a record is put aside", topic=record.topic, offset=record.offset, error=str(error)[:300])
        await self._parts.publisher.publish([dead_letter(record, error)])
        chassis_metrics.DEAD_LETTERS.labels(record.topic, code_of(error)).inc()

    async def _insist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat `work` while something is away; readiness tells what."""
        backoff, part = Backoff(), f"partition {self._number}"
        while True:
            try:
                await work()
            except Exception as error:
                if not is_retryable(error):
                    raise
                self._parts.health.set(part, f"{code_of(error)}: {error}"[:300])
                chassis_metrics.RETRIES.labels("presence", code_of(error)).inc()
                await backoff.wait()
            else:
                self._parts.health.set(part, None)
                return

    async def _publish(self, messages: list[Outgoing]) -> None:
        if messages:
            await self._insist(lambda: self._published(messages))

    async def _published(self, messages: list[Outgoing]) -> None:
        await self._parts.publisher.publish(messages)

    def _presence(self, state: UserState, at: str) -> Outgoing:
        return outgoing(PRESENCE, state.user_id, event_of(state, at))

    def _await_grace(self, state: UserState) -> None:
        if state.in_grace:
            self._offline_due.setdefault(state.user_id, time.monotonic() + self._parts.settings.offline_grace_s)
        else:
            self._offline_due.pop(state.user_id, None)


def _decode(record: Record) -> ConnectionEvent:
    event = CONNECTIONS.decode(record.value)
    if not isinstance(event, Connected | Disconnected | Retired):
        raise TypeError(f"{type(event).__name__} is no event of {CONNECTIONS.name}")
    if record.key != event.user_id.encode():
        # Another partition may hold this user: two writers of one user's presence would contradict each other.
        raise Undecodable("the record's key is not its userId")
    return event


def _change(record: Record, event: ConnectionEvent, step: Step) -> Change:
    return Change(record.offset, event.user_id, event.connection_id, step.opened)


def _orders(record: Record, step: Step) -> list[Outgoing]:
    """What a step asks of others."""
    if step.surplus is not None:
        metrics.SURPLUS.inc()
        return [_close(step.state.user_id, step.surplus)]
    if step.refused is not None:
        refused = step.refused
        connection = OpenConnection(
            connection_id=refused.connection_id,
            gateway_id=refused.gateway_id,
            epoch=refused.epoch,
            connected_at=refused.connected_at,
            timestamp=record.timestamp,
        )
        return [_retired(refused.user_id, connection, "superseded")]
    return []


def _close(user_id: str, connection: OpenConnection) -> Outgoing:
    order = CloseConnection(
        event_id=new_event_id(),
        occurred_at=_now(),
        connection_id=connection.connection_id,
        user_id=user_id,
        gateway_id=connection.gateway_id,
        epoch=connection.epoch,
        code=TOO_MANY_CONNECTIONS.code,
        reason=TOO_MANY_CONNECTIONS.reason,
    )
    return outgoing(CONTROLS, connection.gateway_id, order)


def _retired(user_id: str, connection: OpenConnection, cause: RetireCause) -> Outgoing:
    event = Retired(
        event_id=new_event_id(),
        occurred_at=_now(),
        connection_id=connection.connection_id,
        user_id=user_id,
        gateway_id=connection.gateway_id,
        epoch=connection.epoch,
        cause=cause,
    )
    return outgoing(CONNECTIONS, user_id, event)


def _at(batch: Sequence[Record]) -> str:
    return iso(batch[-1].timestamp)


def _now() -> str:
    return iso(int(time.time() * 1000))
