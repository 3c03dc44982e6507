"""One partition of chat.connections: events in, records and chat.presence out, in that order (spec 4, 5 and 9).

    take over ─▶ [ plan ─▶ one fenced transaction ─▶ chat.presence, orders, dead letters acknowledged ─▶ done ] ─▶ …

Whatever dies between two of these, the events are read again: the fence writes no record twice, states at or above an
event's position do not change again, publishing again is harmless. What follows from the state alone (who is in grace,
which connections belong to an epoch that is over, who has too many) is derived from it anew at every takeover.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import islice

from chassis.dead_letters import dead_letter
from chassis.logs import get_logger
from chassis.records import Outgoing, Record, outgoing
from chassis.tasks import happens_within
from contracts.topics import PRESENCE
from services.presence import metrics
from services.presence.fence import Fence, Fenced
from services.presence.insist import Insist, Revoked
from services.presence.leases import EpochKey
from services.presence.orders import closing, retirement
from services.presence.parts import Parts
from services.presence.plan import Plan, plan
from services.presence.records import MOST_EVENTS, actions_of
from services.presence.state import UserState, event_of, offline, surplus
from services.presence.users import Users

_log = get_logger(__name__)

SURE_S = 3.0
"""A claim that old is asked about before anything is published; well under the group's session timeout."""
YIELD_S = 3.0
"""How long another's claim is left alone: a worker that has lost the partition has learnt it by then."""

CaughtUp = Callable[[], Awaitable[None]]


class Partition:
    """Works off what is added, until closed."""

    def __init__(self, number: int, parts: Parts, caught_up: CaughtUp, on_done: Callable[[], None]) -> None:
        """`caught_up` returns when `users` has seen everything that stands on chat.presence now; `on_done` hears that
        events are done.
        """
        self.number = number
        self.users = Users(grace_s=parts.settings.offline_grace_s, monotonic=parts.monotonic)
        self.done: int | None = None
        """The offset behind the last event whose effects are complete; None: nothing was done yet."""
        self._parts = parts
        self._caught_up = caught_up
        self._on_done = on_done
        self._fence = Fence(parts.table, number, monotonic=parts.monotonic)
        self._insist = Insist(f"partition {number}", parts.health)
        self._queue: deque[Record] = deque()
        self._bytes = 0
        self._expected: int | None = None
        self._singly = 0
        self._work = asyncio.Event()
        self._endings: int | None = None
        self._retire_at: float | None = None

    @property
    def waiting(self) -> int:
        """Events that are not done."""
        return len(self._queue)

    @property
    def waiting_bytes(self) -> int:
        """What they hold in memory, about."""
        return self._bytes

    @property
    def next_offset(self) -> int | None:
        """The oldest event that is not done, or else the next one to come; None: nothing was read yet."""
        return self._queue[0].offset if self._queue else self._expected

    @property
    def oldest_ms(self) -> int | None:
        """The broker's time of the oldest event that is not done; None: all are done."""
        return self._queue[0].timestamp if self._queue else None

    def add(self, record: Record) -> None:
        """Take the next event."""
        if self._expected is not None and record.offset > self._expected:
            metrics.HOLES.inc(record.offset - self._expected)
            _log.warning("offsets were never read", partition=self.number, first=self._expected, next=record.offset)
        self._expected = record.offset + 1
        self._queue.append(record)
        self._bytes += record.size
        self._work.set()

    def wake(self) -> None:
        """Look after what is due: an epoch has ended, or a state was overwritten."""
        self._work.set()

    def close(self) -> None:
        """Begin nothing new; `run` returns when what was begun has ended. What is away is no longer waited for."""
        self._insist.give_up()
        self._work.set()

    async def run(self) -> None:
        """Work until closed. Raises what no retry and no dead letter can mend."""
        self._parts.health.set(self._insist.part, "is being taken over")
        try:
            await self._insist(self._take_over)
            while not self._insist.given_up:
                await self._round()
        except Revoked:
            return

    async def _round(self) -> None:
        try:
            if self._queue:
                await self._work_off()
            await self._look_after()
            await self._wait()
        except Fenced as error:
            # Either the group has given the partition to another and we do not know it yet, or that one is the zombie
            # and claimed late. We are told soon if it is the first; meanwhile the younger claim decides.
            metrics.FENCED.inc()
            _log.warning("the partition was claimed by another worker", partition=self.number, error=str(error))
            await self._insist.pause(YIELD_S)
            await self._insist(self._take_over)

    async def _wait(self) -> None:
        if self._queue or self._insist.given_up:
            return
        self._work.clear()
        await happens_within(self._work, self._next_due_s())

    def _next_due_s(self) -> float | None:
        dues = [self.users.next_grace_s()]
        if self._retire_at is not None:
            dues.append(max(0.0, self._retire_at - self._parts.monotonic()))
        return min((due for due in dues if due is not None), default=None)

    # Taking over

    async def _take_over(self) -> None:
        await self._fence.claim()
        await self._caught_up()
        here = [state for state in self.users if state.connections]
        await self._publish_states(here)
        await self._publish([order for state in here for order in self._closings(state)])
        self._endings = None

    def _closings(self, state: UserState) -> list[Outgoing]:
        most, now = self._parts.settings.connections_per_user, self._parts.now()
        return [closing(state.user_id, connection, now) for connection in surplus(state, most)]

    # Events

    async def _work_off(self) -> None:
        batch = list(islice(self._queue, 1 if self._singly else MOST_EVENTS))
        try:
            taken = await self._handle(batch)
        except (Fenced, Revoked):
            raise
        except Exception as error:  # noqa: BLE001 - what is not retryable ends as a dead letter, with its cause
            if len(batch) > 1:
                self._singly = len(batch)
                return
            await self._put_aside([(batch[0], error)])
            taken = 1
        self._singly = max(0, self._singly - taken)
        for _ in range(taken):
            record = self._queue.popleft()
            self._bytes -= record.size
            self.done = record.offset + 1
        self._on_done()

    async def _handle(self, batch: list[Record]) -> int:
        """Do all that the batch asks for; returns how many of its records that was."""
        made = await self._insist(lambda: self._plan(batch))
        await self._insist(lambda: self._write(made, batch[made.taken - 1].offset + 1))
        await self._insist(lambda: self._publish(made.retired))
        await self._insist(lambda: self._publish_states(list(made.states.values())))
        await self._insist(lambda: self._publish(made.closings))
        await self._put_aside(made.bad)
        metrics.RETIRED.inc(len(made.retired))
        metrics.SURPLUS.inc(len(made.closings))
        return made.taken

    async def _plan(self, batch: list[Record]) -> Plan:
        most, now = self._parts.settings.connections_per_user, self._parts.now()
        return plan(batch, self.users.states, ended=self._parts.ended, most=most, occurred_at=now)

    async def _write(self, made: Plan, following: int) -> None:
        fresh = [received for received in made.written if received.offset >= self._fence.position]
        await self._fence.move(actions_of(fresh), following)

    async def _put_aside(self, bad: list[tuple[Record, Exception]]) -> None:
        for record, error in bad:
            self._parts.tell_bad(record, error)
        await self._insist(lambda: self._publish([dead_letter(record, error) for record, error in bad]))

    # What follows from the state and from time

    async def _look_after(self) -> None:
        if self._insist.given_up:
            return
        if over := self.users.grace_over():
            await self._insist(lambda: self._publish_states([offline(state) for state in over]))
        if self.users.overwritten:
            metrics.OVERWRITTEN.inc(len(self.users.overwritten))
            await self._insist(self._publish_overwritten)
        await self._retire_ended()

    async def _publish_overwritten(self) -> None:
        await self._publish_states([self.users.states[user_id] for user_id in self.users.overwritten])

    async def _retire_ended(self) -> None:
        """A while after an epoch has ended: its own `disconnected` are most likely on their way here."""
        now, endings = self._parts.monotonic(), self._parts.endings()
        if self._retire_at is None and endings != self._endings:
            self._retire_at = now + self._parts.settings.retire_delay_s
        if self._retire_at is None or now < self._retire_at:
            return
        over = [
            retirement(state.user_id, connection, cause, self._parts.now())
            for state in self.users
            for connection in state.connections
            if (cause := self._parts.ended(EpochKey(connection.gateway_id, connection.epoch), connection.timestamp))
        ]
        await self._insist(lambda: self._publish(over))
        metrics.RETIRED.inc(len(over))
        self._endings, self._retire_at = endings, None

    # Publishing

    async def _publish_states(self, states: list[UserState]) -> None:
        now = self._parts.now()
        positions = await self._publish([outgoing(PRESENCE, one.user_id, event_of(one, now)) for one in states])
        for state, position in zip(states, positions, strict=True):
            self.users.published(state, position)

    async def _publish(self, messages: list[Outgoing]) -> list[int]:
        """Offsets of what was published; raises Fenced rather than speak for a partition that is not ours."""
        if not messages:
            return []
        await self._fence.make_sure(SURE_S)
        return [position.offset for position in await self._parts.publisher.publish(messages)]
