"""Any history of one partition, with duplicates, crashes between any two steps, restarts and a zombie, ends alike.

What is true afterwards: the table holds both records of exactly the open connections; what stands last on chat.presence
for each user is the fold of the log; the versions of a user rise with each change of status and contradict nowhere.
"""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.items import row
from chassis.records import Record
from contracts import table
from contracts.connections import Connected
from contracts.envelope import Event
from contracts.presence import PresenceChanged
from contracts.rows import ConnectionRow, UserConnectionRow
from contracts.topics import DEAD_LETTERS
from services.presence import partition as module
from services.presence.partition import Partition
from services.presence.received import receive
from tests.unit.services.presence.log import IDS, World, connected, disconnected, record, retired
from tests.waiting import eventually

USERS = ("alice", "bob", "carol")

connections = st.integers(0, 8)
steps = st.one_of(
    st.tuples(st.just("connect"), connections),
    st.tuples(st.just("connect"), connections),
    st.tuples(st.just("disconnect"), connections),
    st.tuples(st.just("retire"), connections),
    st.tuples(st.just("poison"), st.just(0)),
    st.tuples(st.just("work"), st.just(0)),
    st.tuples(st.just("crash"), st.integers(1, 9)),
    st.tuples(st.just("pause"), st.integers(1, 9)),
    st.tuples(st.just("wake zombie"), st.booleans()),
    st.tuples(st.just("time"), st.just(0)),
)


class Switch:
    """Stops a worker for good, or for a while, at its n-th step into the world."""

    def __init__(self) -> None:
        self.left = 0
        self.gate = asyncio.Event()
        self.hit = asyncio.Event()

    async def __call__(self, _call: str) -> None:
        if self.left:
            self.left -= 1
            if not self.left:
                gate = self.gate
                self.hit.set()
                await gate.wait()


@dataclass
class History:
    world: World
    log: list[Record] = field(default_factory=list)
    given: int = 0
    worker: Partition | None = None
    zombies: list[asyncio.Event] = field(default_factory=list)
    switch: Switch = field(default_factory=Switch)
    closed: set[int] = field(default_factory=set)
    opened: set[int] = field(default_factory=set)

    async def run(self, plan: list[tuple[str, int]]) -> None:
        for hooked in (self.world.table, self.world.kafka):
            hooked.before = hooked.after = self.switch
        self.start(0)
        for step, argument in plan:
            await self.step(step, argument)
        await self.settle()

    async def step(self, step: str, argument: int) -> None:
        match step:
            case "connect" | "disconnect" | "retire" | "poison":
                self.write(step, argument)
            case "work":
                await self.give()
            case "crash" | "pause":
                await self.interrupt(argument, zombie=step == "pause")
            case "wake zombie":
                self.world.time += 70.0 if argument else 0.0
                for gate in self.zombies:
                    gate.set()
                await breathe()
            case _:
                self.world.time += 100.0
                if self.worker is not None:
                    self.worker.wake()
                await breathe()

    def write(self, step: str, number: int) -> None:
        user = USERS[number % len(USERS)]
        if step == "connect" and number in self.closed:
            return  # ids are never given twice
        self.opened |= {number} if step == "connect" else set()
        self.closed |= {number} if step in ("disconnect", "retire") else set()
        events: dict[str, Event | bytes] = {
            "connect": connected(user, number),
            "disconnect": disconnected(user, number),
            "retire": retired(user, number),
            "poison": b"poison",
        }
        self.log.append(record(events[step], len(self.log)))

    def start(self, committed: int) -> None:
        self.worker = self.world.worker()
        self.given = committed

    def feed(self) -> None:
        assert self.worker is not None
        for one in self.log[self.given :]:
            self.worker.add(one)
        self.given = len(self.log)

    async def give(self) -> None:
        assert self.worker is not None
        self.feed()
        if self.log:
            await self.world.done(self.worker, len(self.log))

    async def interrupt(self, steps: int, *, zombie: bool) -> None:
        """Let the worker go on for some steps, and let another take its place at its last committed offset."""
        assert self.worker is not None
        self.switch.left, self.switch.gate, self.switch.hit = steps, asyncio.Event(), asyncio.Event()
        self.feed()
        await breathe()
        self.switch.left = 0
        committed = self.worker.done or 0
        _, task = self.world.workers[-1]
        self.zombies.append(self.switch.gate)
        if not zombie:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self.start(max(0, committed - 1))
        if zombie:
            await breathe()

    async def settle(self) -> None:
        """Wake whoever sleeps, end the zombies, and let the last worker see all there is."""
        for gate in self.zombies:
            gate.set()
        await breathe()
        for worker, task in self.world.workers[:-1]:
            worker.close()
            await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 5)
        await self.give()
        assert self.worker is not None
        self.world.follow(self.worker)
        self.world.time += 100.0
        self.worker.wake()
        await eventually(self.is_settled, every_s=0.001)

    def is_settled(self) -> bool:
        assert self.worker is not None
        users = self.worker.users
        return not users.overwritten and users.next_grace_s() is None and not self.worker.waiting


async def breathe() -> None:
    """Let every task go as far as it can."""
    for _ in range(60):
        await asyncio.sleep(0)


def open_after(log: list[Record]) -> dict[str, tuple[str, int]]:
    """Connection id to its user and the offset of its `connected`: what the specification says, without our code."""
    found: dict[str, tuple[str, int]] = {}
    for one in log:
        if one.value == b"poison":
            continue
        event = receive(one).event
        if isinstance(event, Connected):
            found.setdefault(event.connection_id, (event.user_id, one.offset))
        else:
            found.pop(event.connection_id, None)
    return found


def check_table(world: World, expected: dict[str, tuple[str, int]]) -> None:
    whole = {key for key in world.table.items if key.pk.startswith("CONNECTION#")}
    of_user = {key for key in world.table.items if key.pk.startswith("USER#")}
    assert whole == {table.connection(one) for one in expected}
    assert of_user == {table.user_connection(user, one) for one, (user, _) in expected.items()}
    for one, (user, offset) in expected.items():
        assert row(ConnectionRow, world.table.items[table.connection(one)]).position >= offset
        assert row(UserConnectionRow, world.table.items[table.user_connection(user, one)]).position >= offset


def check_presence(world: World, expected: dict[str, tuple[str, int]]) -> None:
    for user in USERS:
        states = [state for state in world.kafka.states() if state.user_id == user]
        here = {one for one, (owner, _) in expected.items() if owner == user}
        if not states:
            assert not here
            continue
        last = states[-1]
        assert {one.connection_id for one in last.connections} == here
        assert last.status == ("online" if here else "offline")
        newest = max(states, key=lambda state: (state.position, state.presence_version))
        assert (last.position, last.presence_version) == (newest.position, newest.presence_version)
        check_versions(states)


def check_versions(states: list[PresenceChanged]) -> None:
    """One version is one status; read in order, as readers do, the version changes exactly with the status."""
    status_of: dict[int, str] = {}
    for state in states:
        assert status_of.setdefault(state.presence_version, state.status) == state.status
    assert all(status == ("online" if version % 2 else "offline") for version, status in status_of.items())


@pytest.mark.usefixtures("impatient")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=30))
def test_every_history_leaves_exactly_the_open_connections(plan: list[tuple[str, int]]) -> None:
    async def go() -> None:
        history = History(World(offline_grace_s=50.0))
        try:
            await history.run(plan)
            expected = open_after(history.log)
            check_table(history.world, expected)
            check_presence(history.world, expected)
            letters = history.world.kafka.of(DEAD_LETTERS.name)
            poisoned = {b"%d" % one.offset for one in history.log if one.value == b"poison"}
            assert {dict(letter.headers)["kaiwa-offset"] for letter in letters} == poisoned
        finally:
            await history.world.end()

    asyncio.run(go())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "YIELD_S", 0.001)


def test_the_ids_of_the_histories_are_those_of_connections() -> None:
    assert len(set(IDS[:9])) == 9
