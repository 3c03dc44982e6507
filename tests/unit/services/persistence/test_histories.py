"""Whatever happens between the log, the table and the facts: one verdict each, and the table is the fold of the facts.

Random histories of messages, membership, read marks, profiles, poison, duplicates and redriven records; workers that
die between any two steps, come back before where they were, and overtake one another (spec 5 and 11).
"""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from chassis.items import row
from chassis.projection.rooms import rows_of
from chassis.projection.view import apply
from chassis.records import Record
from contracts import table
from contracts.envelope import encode
from contracts.facts import CommandRejected, Fact, MessageRejected, RoomCreated
from contracts.rows import FenceRow, MembershipRow, MessageRow, OutcomeRow, RoomRow, Row
from contracts.submissions import Submission
from contracts.topics import ROOMS, USERS
from contracts.users import ProfileUpdated
from replay.fold import Fold, folded_part
from services.persistence.case import Rules
from services.persistence.decide import decide, outcome_of
from services.persistence.last_words import last_words
from services.persistence.profiles import ProfileHandler
from services.persistence.received import receive
from services.persistence.store import Fenced
from tests.doubles.rooms import NOON, REDRIVEN_HEADER, add, create, profile, read, record, remove, send
from tests.doubles.table import MemoryTable
from tests.doubles.workers import Died, Faults, Log, Worker, away, die, drive

PEOPLE = ("alice", "bob", "carol", "dave")
IN_ROOM = ("kitchen", "garden")
RULES = Rules(participants_most=3)

people = st.sampled_from(PEOPLE)
rooms = st.sampled_from(IN_ROOM)
keys = st.sampled_from((None, "k1", "k2"))
seqs = st.integers(-1, 12)
some = st.lists(people, max_size=3).map(tuple)
workers = st.integers(0, 1)
sizes = st.integers(1, 6)


def asked_of(room: str) -> st.SearchStrategy[Submission | bytes]:
    return st.one_of(
        st.builds(lambda who, key: send(who, room=room, key=key), people, keys),
        st.builds(lambda who, key: send(who, room=room, key=key), people, keys),
        st.builds(lambda who, others: create(who, *others, room=room), people, some),
        st.builds(lambda who, others, a: add(who, *others, room=room, by_admin=a), people, some, st.booleans()),
        st.builds(lambda who, other, a: remove(who, other, room=room, by_admin=a), people, people, st.booleans()),
        st.builds(lambda who, seq: read(who, seq, room=room), people, seqs),
        st.just(b"not json"),
        st.builds(lambda who: encode(send(who, "bad", room=room)).replace(b'"bad"', b"5"), people),
        st.builds(lambda who: send(who, "x" * 2_600, room=room), people),
    )


ASKED = {room: st.lists(asked_of(room), min_size=1, max_size=5) for room in IN_ROOM}


class Histories(RuleBasedStateMachine):
    """Two workers, either of which may be the zombie."""

    def __init__(self) -> None:
        super().__init__()
        self.table = MemoryTable()
        self.log = Log()
        self.users: list[Record] = []
        self.profiled = 0
        self.offset = 0
        self.faults = Faults(self.table)
        self.workers = [Worker(self.table, self.log, RULES) for _ in range(2)]

    @initialize(first=people)
    def somebody_makes_the_rooms(self, first: str) -> None:
        self.profile_changes(first, "approved")
        self.profile_changes("bob", "approved")
        for room in IN_ROOM[:1]:
            self._append(create(first, "bob", room=room), room, 0)

    # What people do

    @rule(data=st.data(), room=rooms, late_ms=st.integers(0, 3))
    def somebody_asks(self, data: Any, room: str, late_ms: int) -> None:
        for asked in data.draw(ASKED[room]):
            self._append(asked, room, late_ms)

    @rule(who=people, status=st.sampled_from(("approved", "approved", "pending", "rejected")))
    def profile_changes(self, who: str, status: Any) -> None:
        self.users.append(record(profile(who, status, f"{who} {len(self.users) % 3}"), len(self.users)))
        self._fold_profiles()

    @rule(data=st.data(), room=rooms, redriven=st.booleans())
    def a_record_comes_twice(self, data: Any, room: str, redriven: bool) -> None:
        if self.log.rooms[room]:
            first = data.draw(st.sampled_from(self.log.rooms[room]))
            headers = REDRIVEN_HEADER if redriven else ()
            self._append(first.value, room, 0, headers)

    # What workers do, and what happens to them

    @rule(who=workers, room=rooms, most=sizes)
    def a_worker_goes_on(self, who: int, room: str, most: int) -> None:
        self.workers[who].step(room, most)

    @rule(who=workers, room=rooms, most=sizes, call=st.sampled_from(("batch_get", "transact")), behind=st.booleans())
    def a_worker_dies_at_the_table(self, who: int, room: str, most: int, call: str, behind: bool) -> None:
        (self.faults.after if behind else self.faults.before)(call, die)
        self._step_and_maybe_die(who, room, most)

    @rule(who=workers, room=rooms, most=sizes, behind=st.booleans())
    def the_table_is_away(self, who: int, room: str, most: int, behind: bool) -> None:
        (self.faults.after if behind else self.faults.before)("transact", away)
        self._step_and_maybe_die(who, room, most)

    @rule(who=workers, room=rooms, most=sizes, published=st.integers(0, 4))
    def a_worker_dies_while_it_publishes(self, who: int, room: str, most: int, published: int) -> None:
        self._step_and_maybe_die(who, room, most, published)

    @rule(who=workers, back=st.integers(0, 8))
    def a_worker_starts_again(self, who: int, back: int) -> None:
        self.workers[who].restart(dict.fromkeys(IN_ROOM, back))

    @rule(who=workers, room=rooms, most=sizes, other=sizes, call=st.sampled_from(("batch_get", "transact")))
    def a_worker_is_overtaken(self, who: int, room: str, most: int, other: int, call: str) -> None:
        self.faults.before(call, lambda: self._other_steps(1 - who, room, other))
        self._step_and_maybe_die(who, room, most)

    @rule(who=workers, room=rooms, person=people, most=sizes)
    def a_profile_changes_between_read_and_write(self, who: int, room: str, person: str, most: int) -> None:
        def change_and_overtake() -> None:
            self.profile_changes(person, "approved")
            self._other_steps(1 - who, room, most)

        self.faults.before("transact", change_and_overtake)
        self._step_and_maybe_die(who, room, most)

    # What must be true

    def teardown(self) -> None:
        self.faults.none()
        last = Worker(self.table, self.log, RULES)
        for room in IN_ROOM:
            last.drain(room, 7)
        self._check()

    def _check(self) -> None:
        facts = [fact for message in self.log.facts if isinstance(fact := ROOMS.decode(message.value), Fact)]
        by_place: dict[int, list[Fact]] = defaultdict(list)
        for fact in facts:
            by_place[fact.submission.offset].append(fact)
        for room in IN_ROOM:
            self._each_has_one_verdict(room, by_place)
            self._the_log_decides_alike_again(room, by_place)
            self._room_is_whole(room)
        self._table_is_the_fold(facts)

    def _each_has_one_verdict(self, room: str, by_place: dict[int, list[Fact]]) -> None:
        exists = False
        for one in self.log.rooms[room]:
            given = by_place[one.offset]
            if last_words(one) is None:
                assert given == []
                continue
            assert given, f"no fact answers {one.offset}"
            assert len({fact.event_id for fact in given}) == 1
            exists = exists or isinstance(given[0], RoomCreated)
            if any(fact != given[0] for fact in given):
                # Only a refusal without a room, which leaves no row, may be worded anew.
                assert not exists, given
                assert all(isinstance(fact, MessageRejected | CommandRejected) for fact in given), given

    def _the_log_decides_alike_again(self, room: str, by_place: dict[int, list[Fact]]) -> None:
        """Today's code on the recorded submissions, with the profiles that the facts name, gives the same facts."""
        dead = {letter.offset for letter in self.log.dead_letters}
        rows: dict[table.Key, Row] = {}
        for one in self.log.rooms[room]:
            for fact in by_place[one.offset][:1]:
                if one.offset in dead:
                    apply(rows, rows_of(fact, rows))
                    continue
                again = decide(receive(one), rows | self._profiles_at(fact), RULES)
                apply(rows, again.writes)
                if table.fence(room) in rows:
                    assert again.fact == fact

    def _profiles_at(self, fact: Fact) -> dict[table.Key, Row]:
        fold = Fold()
        position = fact.profile_position if isinstance(fact.profile_position, int) else -1
        for one in self.users[: position + 1]:
            event = USERS.decode(one.value)
            assert isinstance(event, ProfileUpdated)
            fold.profile(event, one.offset)
        return dict(fold.rows)

    def _room_is_whole(self, room: str) -> None:
        items = {key: stored for key, stored in self.table.items.items() if key.pk == table.room_pk(room)}
        if not items:
            return
        fence = row(FenceRow, items[table.fence(room)])
        messages = [row(MessageRow, items[key]) for key in sorted(items) if key.sk.startswith("MESSAGE#")]
        assert [message.seq for message in messages] == list(range(1, fence.seq + 1))
        assert [message.position for message in messages] == sorted(message.position for message in messages)
        stamps = [message.timestamp for message in messages]
        assert all(late > early for early, late in pairwise(stamps))
        keyed = [(m.sender_id, m.client_message_id) for m in messages if isinstance(m.client_message_id, str)]
        assert len(keyed) == len(set(keyed))
        members = {key.pk for key in self.table.items if key.sk == f"CHATROOM#{room}"}
        stored = row(RoomRow, items[table.room(room)])
        assert members == {table.user_pk(user) for user in stored.participant_ids}
        for user in stored.participant_ids:
            mark = row(MembershipRow, self.table.items[table.membership(user, room)])
            assert 0 <= mark.last_read_seq <= fence.seq
        answered = [one.offset for one in self.log.rooms[room] if last_words(one) is not None]
        assert fence.position == max(answered)

    def _table_is_the_fold(self, facts: list[Fact]) -> None:
        fold = Fold()
        for fact in facts:
            fold.fact(fact)
        for one in self.users:
            event = USERS.decode(one.value)
            assert isinstance(event, ProfileUpdated)
            fold.profile(event, one.offset)
        assert folded_part(self.table.items.items()) == fold.items()
        self._outcomes_tell_the_facts(facts)

    def _outcomes_tell_the_facts(self, facts: list[Fact]) -> None:
        told = {(fact.submission.event_id, fact.submission.offset): fact for fact in facts}
        for room in IN_ROOM:
            for one in self.log.rooms[room]:
                received = last_words(one)
                if received is None or not received.wants_outcome:
                    continue
                key = table.outcome(received.submission.event_id)
                stored = row(OutcomeRow, self.table.items[key])
                if stored.position == one.offset:
                    fact = told[received.submission.event_id, one.offset]
                    assert stored == outcome_of(received, fact)

    # How

    def _append(self, asked: Any, room: str, late_ms: int, headers: Any = ()) -> None:
        self.offset += 1
        made = record(
            asked, self.offset, key=room.encode(), timestamp=NOON + self.offset // 3 + late_ms, headers=headers
        )
        self.log.rooms[room].append(made)

    def _step_and_maybe_die(self, who: int, room: str, most: int, published: int | None = None) -> None:
        try:
            self.workers[who].step(room, most, published=published)
        except Died:
            self.workers[who].restart({})
        finally:
            self.faults.none()

    def _other_steps(self, who: int, room: str, most: int) -> None:
        for _ in range(3):
            self.workers[who].step(room, most)

    def _fold_profiles(self) -> None:
        while self.profiled < len(self.users):
            try:
                handled = drive(ProfileHandler(self.table).handle(self.users[self.profiled :]))
            except Fenced:
                continue
            self.profiled += handled.taken or 0


_SETTINGS = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


class TestHistories(Histories.TestCase):  # type: ignore[valid-type,misc]  # a class made at run time
    settings = _SETTINGS


@pytest.mark.long
@pytest.mark.timeout(7_200)
class TestManyHistories(Histories.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(_SETTINGS, max_examples=3_000)
