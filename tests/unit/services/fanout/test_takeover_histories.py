"""Wherever a worker takes a room over, and whatever persistence emits again: who was in the room gets what is news.

A log of one room in which people come, go and post; persistence that dies emits its last facts again, in order. The
predecessor has delivered all that stands before the place of the takeover.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from contracts.facts import Fact, MessagePosted
from services.fanout.partition import Takeover
from tests.unit.services.fanout import given
from tests.unit.services.fanout.worker_bench import Bench

OTHERS = ("bob", "carol")


@dataclass
class Room:
    """What persistence has decided, and what it has written."""

    people: set[str] = field(default_factory=lambda: {"alice", *OTHERS})
    decided: list[Fact] = field(default_factory=list)
    log: list[Fact] = field(default_factory=list)
    owed: dict[int, frozenset[str]] = field(default_factory=dict)
    """Who was in the room, for each message by its seq."""
    moved: int = 0

    def play(self, step: tuple[str, str | int]) -> None:
        """One step of a history."""
        what, of = step
        position = len(self.decided) + 1
        if what == "again":
            self.log += self.decided[-int(of) :]
        elif what == "say":
            seq = len(self.owed) + 1
            self.owed[seq] = frozenset(self.people)
            self._decide(given.message(position, seq=seq))
        else:
            self._move(position, str(of))

    def _move(self, position: int, person: str) -> None:
        self.moved = position
        if person in self.people:
            self.people.remove(person)
            self._decide(given.removed(position, person))
        else:
            self.people.add(person)
            self._decide(given.added(position, person))

    def _decide(self, fact: Fact) -> None:
        self.decided.append(fact)
        self.log.append(fact)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.just(0)),
        st.tuples(st.just("move"), st.sampled_from(OTHERS)),
        st.tuples(st.just("again"), st.integers(1, 6)),
    ),
    min_size=1,
    max_size=20,
)


async def taken_over(room: Room, start: int, sizes: Sequence[int]) -> dict[str, list[int]]:
    """What each of the others gets of a worker that begins at `start` and handles batches of these sizes."""
    bench = Bench()
    bench.stored(room.moved, *sorted(room.people))
    bench.site.holds(Takeover(start=start, committed=start, reaches_ms=bench.rooms.now_ms))
    for person in OTHERS:
        bench.site.connect(person, given.socket(person, since_ms=bench.rooms.now_ms + given.MINUTE_MS))
    left = bench.written(*room.log)[start:]
    for size in (*sizes, *([1] * len(left))):
        if batch := left[:size]:
            await bench.worker.handle(batch)
        left = left[size:]
    return {person: bench.site.outbox.seqs(person) for person in OTHERS}


@settings(max_examples=1_000, deadline=None)
@for_all(STEPS, st.data())
def test_who_was_in_the_room_gets_what_is_news_once_and_nobody_else(
    steps: list[tuple[str, str | int]], data: st.DataObject
) -> None:
    room = Room()
    for step in steps:
        room.play(step)
    start = data.draw(st.integers(0, len(room.log)), label="start")
    sizes = data.draw(st.lists(st.integers(1, 4), max_size=6), label="sizes")
    got = asyncio.run(taken_over(room, start, sizes))
    before = {fact.seq for fact in room.log[:start] if isinstance(fact, MessagePosted)}
    for person in OTHERS:
        assert got[person] == [seq for seq, people in room.owed.items() if person in people and seq not in before]
