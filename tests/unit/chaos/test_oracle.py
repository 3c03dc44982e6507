"""The oracle finds nothing in a history that is clean, and the right thing in one that is not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.records import Record
from contracts.connections import Connected
from contracts.envelope import encode
from contracts.facts import MessagePosted
from contracts.presence import OpenConnection, PresenceChanged
from contracts.topics import CONNECTIONS, PRESENCE, ROOMS, SUBMISSIONS
from tests.chaos.journal import AnyEntry, Closed, Ended, FaultBegan, FaultEnded, Fetched, Opened, Received
from tests.chaos.oracle import RULES, judge
from tests.chaos.oracle.evidence import Evidence, Violation
from tests.chaos.oracle.rooms import fact_of
from tests.doubles.rooms import remove, send
from tests.unit.chaos.history import History


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
async def test_a_clean_history_has_no_violation(seed: int) -> None:
    history = await History.played(seed)
    assert judge(history.evidence()) == []


@pytest.fixture
async def clean() -> Evidence:
    return (await History.played(7, steps=120)).evidence()


def rules(evidence: Evidence) -> set[int]:
    return {one.rule for one in judge(evidence)}


def without(journal: Sequence[AnyEntry], *gone: AnyEntry) -> tuple[AnyEntry, ...]:
    return tuple(entry for entry in journal if not any(entry is one for one in gone))


def received(evidence: Evidence) -> list[Received]:
    return [entry for entry in evidence.journal if isinstance(entry, Received)]


def changed(evidence: Evidence, place: Callable[[Record], bool], change: Callable[[Record], list[Record]]) -> Evidence:
    """With the first record that is at `place` replaced."""
    records: list[Record] = []
    done = False
    for record in evidence.records:
        hit = not done and place(record)
        records += change(record) if hit else [record]
        done = done or hit
    assert done
    return replace(evidence, records=tuple(records))


def is_posted(record: Record, *, keyed: bool) -> bool:
    fact = fact_of(record) if record.topic == ROOMS.name else None
    return isinstance(fact, MessagePosted) and isinstance(fact.client_message_id, str) == keyed


def first_and_next(evidence: Evidence) -> tuple[Received, Received]:
    """Two messages that followed one another on a connection, with one before them."""
    for connection in evidence.connections.values():
        for room in evidence.rooms:
            got = [one for one in connection.received if one.room == room]
            if len(got) > 3:
                return got[1], got[2]
    raise AssertionError("no connection got enough")


# What was lost


def test_an_acked_message_that_is_nowhere_is_lost(clean: Evidence) -> None:
    bad = changed(clean, lambda record: is_posted(record, keyed=True), lambda _record: [])
    found = judge(bad)
    assert any(one.rule == 1 and one.what == "acked, and 0 times in the log" and one.message for one in found)


def test_a_delivery_that_never_came_is_a_hole_and_is_missed(clean: Evidence) -> None:
    lost, _ = first_and_next(clean)
    bad = replace(clean, journal=without(clean.journal, lost))
    assert 4 in rules(bad)


def test_one_message_in_a_thousand_that_was_dropped_is_found(clean: Evidence) -> None:
    """The last one of a connection that is open to the end: no later one shows the hole."""
    connection = next(one for one in clean.connections.values() if one.closed is None and one.received)
    last = connection.received[-1]
    bad = replace(clean, journal=without(clean.journal, last))
    (violation,) = judge(bad)
    assert (violation.rule, violation.room, violation.message) == (2, last.room, last.message)
    assert violation.client == connection.name
    assert violation.place is not None
    assert violation.place.startswith("chat.rooms/")


def test_who_came_back_and_has_not_caught_up_is_found(clean: Evidence) -> None:
    fetched = [entry for entry in clean.journal if isinstance(entry, Fetched)]
    bad = replace(clean, journal=without(clean.journal, *fetched))
    assert rules(bad) == {2}
    assert any("caught up" in one.what for one in judge(bad))


def test_a_connection_that_stayed_open_and_deaf_is_found_though_it_was_closed_later(clean: Evidence) -> None:
    connection = next(one for one in clean.connections.values() if one.closed is None and one.received)
    last, end = connection.received[-1], clean.journal[-1]
    closing = Closed(at=end.at + 500, connection=connection.number)
    bad = replace(clean, journal=(*without(clean.journal, last, end), closing, Ended(at=end.at + 501)))
    deaf = [one for one in judge(bad) if one.rule == 2]
    assert [one.message for one in deaf] == [last.message]


# What came too often, or to the wrong people, or in the wrong order


def test_a_message_that_is_twice_in_the_log_is_doubled(clean: Evidence) -> None:
    def twice(record: Record) -> list[Record]:
        fact = fact_of(record)
        assert isinstance(fact, MessagePosted)
        again = msgspec.structs.replace(fact, event_id="another")
        return [record, replace(record, value=encode(again))]

    bad = changed(clean, lambda record: is_posted(record, keyed=True), twice)
    assert {1, 7} <= rules(bad)
    assert any(one.what == "acked, and 2 times in the log" for one in judge(bad))


async def test_a_message_without_a_key_that_is_there_twice_is_doubled() -> None:
    history = await History.played(8)
    told = history.evidence().rooms
    room, first = next((room, one) for room in told for one in told[room].posted if not one.keyed)
    await history.world.ask(send(first.sender, f"{first.tag} and more", room=room))
    (doubled,) = [one for one in judge(history.evidence()) if one.rule not in {2, 4}]
    assert (doubled.rule, doubled.room) == (5, room)


def test_a_fact_that_stands_twice_in_the_log_is_no_fault(clean: Evidence) -> None:
    again = changed(clean, lambda record: is_posted(record, keyed=True), lambda record: [record, record])
    assert judge(again) == []


def test_a_stretch_that_is_delivered_again_is_no_fault(clean: Evidence) -> None:
    one, other = first_and_next(clean)
    end = clean.journal[-1]
    assert judge(replace(clean, journal=(*without(clean.journal, end), one, other, end))) == []


def test_two_deliveries_that_are_swapped_are_out_of_order(clean: Evidence) -> None:
    one, other = first_and_next(clean)
    swapped = tuple(other if entry is one else one if entry is other else entry for entry in clean.journal)
    found = judge(replace(clean, journal=swapped))
    assert {violation.rule for violation in found} == {4}
    assert {violation.room for violation in found} == {one.room}


def test_a_repeat_that_is_another_message_is_found(clean: Evidence) -> None:
    one, other = first_and_next(clean)
    end = clean.journal[-1]
    false = msgspec.structs.replace(one, message=other.message)
    assert rules(replace(clean, journal=(*without(clean.journal, end), false, end))) == {4}


async def test_a_delivery_to_a_removed_member_is_found() -> None:
    history = await History.played(9, steps=0)
    room = history.rooms[0]
    await history.world.ask(remove("dan", "dan", room=room))
    await history.says("ann", room, keyed=True)
    last = next(entry for entry in reversed(history.journal) if isinstance(entry, Received))
    number, _ = history.open["dan"]
    history.write(msgspec.structs.replace(last, connection=number))
    history.write(Ended(at=history.now))
    journal = [entry for entry in history.evidence().journal if not isinstance(entry, Ended)]
    (violation,) = judge(replace(history.evidence(), journal=(*journal, Ended(at=history.now))))
    assert (violation.rule, violation.message, violation.room) == (3, last.message, room)
    assert violation.client == f"dan, connection {number}"


# What the table and the log say


def test_a_row_that_was_altered_is_found(clean: Evidence) -> None:
    key = next(key for key in clean.table if key.sk.startswith("MESSAGE#"))
    table = dict(clean.table) | {key: clean.table[key] | {"content": {"S": "never said"}}}
    (violation,) = judge(replace(clean, table=table))
    assert (violation.rule, violation.place) == (6, f"{key.pk} | {key.sk}")
    assert "content" in violation.what
    assert "never said" not in violation.what


def test_a_message_row_that_is_gone_is_lost_and_differs(clean: Evidence) -> None:
    acked = {one.message for told in clean.rooms.values() for one in told.posted if one.keyed}
    key = next(key for key in clean.table if key.sk.rpartition("#")[2] in acked and key.sk.startswith("MESSAGE#"))
    table = {one: stored for one, stored in clean.table.items() if one != key}
    assert rules(replace(clean, table=table)) == {1, 6}


def test_a_submission_without_a_verdict_is_found(clean: Evidence) -> None:
    room = next(iter(clean.rooms))
    lonely = Record(SUBMISSIONS.name, 0, 9_999, 1, room.encode(), b"{}")
    (violation,) = judge(replace(clean, records=(*clean.records, lonely)))
    assert (violation.rule, violation.room, violation.place) == (7, room, "chat.submissions/0/9999")


def test_two_verdicts_on_one_submission_are_found(clean: Evidence) -> None:
    def differently(record: Record) -> list[Record]:
        fact = fact_of(record)
        assert isinstance(fact, MessagePosted)
        return [record, replace(record, value=encode(msgspec.structs.replace(fact, content="t other")))]

    found = judge(changed(clean, lambda record: is_posted(record, keyed=False), differently))
    assert {one.rule for one in found} == {7}
    assert "2 verdicts" in found[0].what


def over(clean: Evidence) -> tuple[str, Connected]:
    """A connection that was over in the middle of the history, and its event."""
    numbers = {one.number: one for one in clean.connections.values() if one.closed is not None}
    for record in clean.of(CONNECTIONS):
        event = CONNECTIONS.decode(record.value)
        if isinstance(event, Connected) and int(str(event.user_agent).partition("/")[2]) in numbers:
            return event.user_id, event
    raise AssertionError("nobody went")


def later(clean: Evidence, seconds: float, *between: AnyEntry) -> tuple[AnyEntry, ...]:
    end = clean.journal[-1]
    return (*without(clean.journal, end), *between, Ended(at=end.at + seconds))


def test_a_connection_that_the_log_never_ended_is_found_after_60_calm_seconds(clean: Evidence) -> None:
    _, event = over(clean)

    def ends_it(record: Record) -> bool:
        return (
            record.topic == CONNECTIONS.name
            and (record.value or b"").find(b'"type":"disconnected"') >= 0
            and (event.connection_id.encode() in (record.value or b""))
        )

    endless = changed(clean, ends_it, lambda _record: [])
    assert 8 not in rules(endless)
    assert 8 in rules(replace(endless, journal=later(clean, 70)))
    at = clean.journal[-1].at
    troubled = later(clean, 70, FaultBegan(at=at, number=1, name="kill", target="kafka"), FaultEnded(at=at, number=1))
    assert 8 not in rules(replace(endless, journal=troubled))


def test_presence_and_records_that_outlive_their_connection_are_found(clean: Evidence) -> None:
    user, event = over(clean)
    socket = OpenConnection(
        connection_id=event.connection_id,
        gateway_id=event.gateway_id,
        epoch=event.epoch,
        connected_at=event.connected_at,
        timestamp=1,
    )
    shown = PresenceChanged(
        event_id="e",
        occurred_at=event.occurred_at,
        user_id=user,
        status="online",
        last_seen_at=event.occurred_at,
        presence_version=1,
        position=1,
        connections=(socket,),
    )
    records = (*clean.records, Record(PRESENCE.name, 0, 0, 1, user.encode(), encode(shown)))
    found = judge(replace(clean, records=records, journal=later(clean, 70)))
    assert [(one.rule, one.client, one.place) for one in found] == [(8, user, event.connection_id)]


def test_a_token_in_a_log_is_found_and_not_repeated(clean: Evidence) -> None:
    (violation,) = judge(replace(clean, tokens=(("gateway-1.log", "eyJhbGciOiJSUzI1NiIs"),)))
    assert (violation.rule, violation.place) == (9, "gateway-1.log")
    assert "OiJSUzI1NiIs" not in str(violation)


def test_a_run_that_was_cut_short_is_not_blamed_for_what_was_under_way(clean: Evidence) -> None:
    half = clean.journal[: len(clean.journal) // 2]
    assert rules(replace(clean, journal=half)) == set()


def test_every_rule_has_its_words() -> None:
    assert list(RULES) == list(range(1, 10))
    assert str(Violation(1, "lost", "r", "m")) == "(1) lost [room r, message m]"


def _kinds(entries: Sequence[AnyEntry]) -> set[Any]:
    return {type(entry) for entry in entries}


def test_the_history_has_what_the_rules_look_at(clean: Evidence) -> None:
    assert {Opened, Closed, Received, Fetched} <= _kinds(clean.journal)
