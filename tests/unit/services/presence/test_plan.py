from collections.abc import Sequence

import pytest

from chassis.records import Record
from contracts.connections import Retired
from contracts.envelope import UnknownVersion
from contracts.topics import CONNECTIONS
from services.presence.leases import Cause, EpochKey
from services.presence.plan import Ended, Plan, plan
from services.presence.state import UserState
from tests.unit.services.presence.log import IDS, TIME, connected, disconnected, record

NEWER = b'{"type":"connected","version":2}'


def lives(_key: EpochKey, _named_ms: int) -> Cause | None:
    return None


def over(_key: EpochKey, _named_ms: int) -> Cause | None:
    return "stopped"


def made(
    records: Sequence[Record], users: dict[str, UserState] | None = None, *, ended: Ended = lives, most: int = 20
) -> Plan:
    return plan(records, users or {}, ended=ended, most=most, occurred_at=TIME)


def test_a_batch_folds_several_users_and_leaves_the_old_states_alone() -> None:
    users: dict[str, UserState] = {}
    result = made([record(connected("alice"), 3), record(connected("bob", 1), 4)], users)
    assert {user: state.position for user, state in result.states.items()} == {"alice": 3, "bob": 4}
    assert [received.offset for received in result.written] == [3, 4]
    assert (result.taken, users) == (2, {})


def test_later_events_of_a_batch_stand_on_the_earlier_ones() -> None:
    result = made([record(connected("alice"), 3), record(disconnected("alice"), 4)])
    assert result.states["alice"].connections == ()
    assert result.states["alice"].in_grace


def test_bad_records_are_put_aside_and_the_rest_goes_on() -> None:
    result = made([record(b"no", 0), record(connected("alice"), 1), record(connected("bob", 1), 2, key="eve")])
    assert [bad.offset for bad, _ in result.bad] == [0, 2]
    assert list(result.states) == ["alice"]
    assert result.taken == 3


def test_a_newer_version_stops_the_batch_in_front_of_it() -> None:
    result = made([record(connected("alice"), 0), record(NEWER, 1), record(connected("bob", 1), 2)])
    assert (result.taken, list(result.states)) == (1, ["alice"])


def test_a_newer_version_at_the_head_is_waited_for() -> None:
    with pytest.raises(UnknownVersion):
        made([record(NEWER, 1)])


def test_a_connected_of_an_epoch_that_is_over_is_retired_on_reading_and_nobody_sees_it() -> None:
    result = made([record(connected("alice"), 0)], ended=over)
    assert (result.states, result.written) == ({}, [])
    event = CONNECTIONS.decode(result.retired[0].value)
    assert isinstance(event, Retired)
    assert (event.connection_id, event.cause) == (IDS[0], "stopped")


def test_the_end_of_a_connection_is_folded_whatever_became_of_its_epoch() -> None:
    users = made([record(connected("alice"), 0)]).states
    result = made([record(disconnected("alice"), 1)], users, ended=over)
    assert result.states["alice"].connections == ()
    assert result.retired == []


def test_a_connected_that_is_read_again_is_not_retired() -> None:
    users = made([record(connected("alice"), 5)]).states
    assert made([record(connected("alice"), 5)], users, ended=over).retired == []


def test_one_connection_too_many_is_closed_and_the_older_ones_are_not() -> None:
    users = made([record(connected("alice"), 0), record(connected("alice", 1), 1)]).states
    result = made([record(connected("alice", 2), 2), record(connected("bob", 3), 3)], users, most=2)
    assert len(result.closings) == 1
    assert IDS[2].encode() in (result.closings[0].value or b"")


def test_a_redelivered_event_changes_no_state_but_is_offered_to_the_fence() -> None:
    users = made([record(connected("alice"), 5)]).states
    result = made([record(connected("alice"), 5)], users)
    assert result.states == {}
    assert [received.offset for received in result.written] == [5]
