"""Whatever comes in whatever order: each connection gets every message of its rooms from its beginning on (spec 9).

A broker with a clock, a log of facts, a log of chat.presence; a worker that routes rooms side by side, learns of
connections late, dies anywhere, and is followed by another that begins at the offset committed last.
"""

from dataclasses import dataclass, field

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.facts import Fact
from contracts.presence import OpenConnection, PresenceChanged
from services.fanout.partition import Partition, Takeover
from tests.unit.services.fanout import given

ROOMS = {"one": ("alice", "bob"), "two": ("bob", "carol")}
PEOPLE = ("alice", "bob", "carol")
WINDOW_MS = 60_000
TAIL_LAG_MS = 5_000


@dataclass
class Client:
    """One connection, and the messages it got."""

    person: str
    name: str
    since_ms: int
    got: dict[str, list[int]] = field(default_factory=lambda: {"one": [], "two": []})


@dataclass
class World:
    """Everything that stands in Kafka, and the worker of now."""

    now_ms: int = 200_000
    facts: list[tuple[Fact, int]] = field(default_factory=list)
    presence: list[tuple[PresenceChanged, int]] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    announced: int = 0
    committed: int = 0
    closed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.seqs = dict.fromkeys(ROOMS, 0)
        self.start()

    def die(self) -> None:
        """Another worker begins, with what stands in Kafka."""
        self.start()

    def start(self) -> None:
        self.site = given.Site()
        self.read = 0
        self.routed: set[int] = set()
        self.learn()
        takeover = self.takeover()
        self.held: Partition = self.site.holds(takeover, frames=1_000)
        for room, people in ROOMS.items():
            self.site.membership.load(room, 0, given.row(0, *people, room=room))
        self.start_offset = takeover.start

    def takeover(self) -> Takeover:
        if not self.committed:
            return Takeover(start=0, committed=0, end=len(self.facts))
        last_ms = self.facts[self.committed - 1][1]
        inside = [offset for offset, (_, time_ms) in enumerate(self.facts) if time_ms >= last_ms - WINDOW_MS]
        start = min(inside[0], self.committed)
        return Takeover(
            start=start,
            committed=self.committed,
            end=len(self.facts),
            reaches_ms=0 if start == 0 else last_ms - WINDOW_MS,
            repeats_from_ms=last_ms - WINDOW_MS,
            committed_ms=last_ms,
        )

    def post(self, room: str) -> None:
        self.seqs[room] += 1
        position = len(self.facts) + 1
        self.facts.append((given.message(position, room=room, seq=self.seqs[room]), self.now_ms))

    def again(self, room: str) -> None:
        """Persistence emits the last fact of a room once more, soon after its crash."""
        said = [
            fact for fact, time_ms in self.originals() if fact.chat_room_id == room and self.now_ms - time_ms < 5_000
        ]
        if said:
            self.facts.append((said[-1], self.now_ms))

    def connect(self, person: str) -> None:
        self.clients.append(Client(person, f"c{len(self.clients)}", self.now_ms))

    def announce(self) -> None:
        """Presence publishes the next connection, with all the others of its user."""
        if self.announced == len(self.clients):
            return
        person = self.clients[self.announced].person
        self.announced += 1
        sockets = [_socket(client) for client in self.clients[: self.announced] if client.person == person]
        self.presence.append((given.presence(person, self.announced, *sockets), self.now_ms))

    def learn(self, upto: int | None = None) -> None:
        while self.read < (len(self.presence) if upto is None else upto):
            value, recorded_ms = self.presence[self.read]
            self.read += 1
            self.site.dispatch.learn(self.site.locations.apply(value, recorded_ms))
            self.deliver()

    def route(self, room: str) -> None:
        """The next fact of a room; chat.presence is never read more than 5 s behind."""
        left = [offset for offset in range(self.start_offset, len(self.facts)) if offset not in self.routed]
        mine = [offset for offset in left if self.facts[offset][0].chat_room_id == room]
        if not mine:
            return
        fact, time_ms = self.facts[mine[0]]
        self.learn(sum(1 for _, recorded_ms in self.presence if recorded_ms < time_ms - TAIL_LAG_MS))
        self.site.route(self.held, fact, mine[0], time_ms)
        self.routed.add(mine[0])
        self.deliver()

    def commit(self) -> None:
        """The longest routed prefix: the outbox answers at once."""
        done = self.start_offset
        while done in self.routed:
            done += 1
        self.committed = max(self.committed, done)

    def originals(self) -> list[tuple[Fact, int]]:
        """Each fact as it came first."""
        first: dict[str, tuple[Fact, int]] = {}
        for fact, time_ms in self.facts:
            first.setdefault(fact.event_id, (fact, time_ms))
        return list(first.values())

    def finish(self) -> None:
        while self.announced < len(self.clients):
            self.announce()
        self.learn()
        while len(self.routed) < len(self.facts) - self.start_offset:
            for room in ROOMS:
                self.route(room)

    def deliver(self) -> None:
        """What the gateway was given reaches the clients; closed ones get nothing."""
        self.closed.update(connection_id for _, connection_id in self.site.outbox.closed)
        for client in self.clients:
            if given.connection_id(client.name) not in self.closed:
                for frame in self.site.outbox.frames(client.name):
                    client.got[frame["chatRoomId"]].append(frame["seq"])
        self.site.outbox.items.clear()


def _socket(client: Client) -> OpenConnection:
    return given.socket(client.name, since_ms=client.since_ms)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(("say", "say", "post", "route", "again")), st.sampled_from(list(ROOMS))),
        st.tuples(st.sampled_from(("connect", "come")), st.sampled_from(PEOPLE)),
        st.tuples(st.sampled_from(("announce", "learn", "commit", "die", "fall")), st.none()),
        st.tuples(st.just("wait"), st.sampled_from((4_500, 5_500, 20_000, 50_000, 61_000))),
    ),
    min_size=8,
    max_size=40,
)
"""`say`: posted and routed at once; `come`: connected, announced and learned at once; `fall`: die after a commit."""


def play(world: World, steps: list[tuple[str, str | int | None]]) -> None:
    for step, what in steps:
        world.now_ms += 1
        if step == "wait":
            world.now_ms += int(what or 0)
        else:
            for part in PARTS.get(step, (step,)):
                arguments = (what,) if what is not None and part in ("post", "route", "again", "connect") else ()
                getattr(world, part)(*arguments)
    world.finish()


PARTS = {
    "say": ("post", "route"),
    "come": ("connect", "announce", "learn"),
    "fall": ("commit", "die"),
}


@settings(max_examples=1000, deadline=None)
@for_all(STEPS)
def test_each_connection_gets_every_message_from_its_beginning_on_or_is_closed(
    steps: list[tuple[str, str | int | None]],
) -> None:
    world = World()
    play(world, steps)
    for client in world.clients:
        if given.connection_id(client.name) in world.closed:
            continue
        for room, people in ROOMS.items():
            owed = [
                fact.seq  # type: ignore[attr-defined]
                for fact, time_ms in world.originals()
                if fact.chat_room_id == room and client.person in people and time_ms >= client.since_ms - TAIL_LAG_MS
            ]
            news = first_times(client.got[room])
            assert news == sorted(news), "in ascending order"
            assert [seq for seq in news if not owed or seq >= owed[0]] == (owed or news), "all of them, without a hole"
            assert client.person in people or not news, "and nothing of other rooms"


@settings(max_examples=200, deadline=None)
@for_all(STEPS)
def test_a_worker_that_never_dies_pushes_nothing_twice(steps: list[tuple[str, str | int | None]]) -> None:
    world = World()
    play(world, [step for step in steps if step[0] not in ("die", "fall")])
    for client in world.clients:
        for got in client.got.values():
            assert len(got) == len(set(got))


@settings(max_examples=200, deadline=None)
@for_all(STEPS)
def test_nobody_is_closed_where_connections_are_announced_and_learned_at_once(
    steps: list[tuple[str, str | int | None]],
) -> None:
    world, prompt = World(), []
    for step in steps:
        prompt += [step, ("announce", None), ("learn", None)] if step[0] == "connect" else [step]
    play(world, prompt)
    assert world.closed == set()


def first_times(seqs: list[int]) -> list[int]:
    """Without repetitions: a stretch may come a second time after a crash."""
    return list(dict.fromkeys(seqs))
