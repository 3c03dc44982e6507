from typing import Any

from contracts.envelope import encode
from contracts.presence import PresenceChanged
from contracts.timestamps import iso
from contracts.topics import PRESENCE
from services.presence.state import UserState, event_of, fold, offline, state_of, surplus
from tests.unit.services.presence.log import IDS, TIME, TIME_MS, at, connected, disconnected, retired

NOBODY = UserState("alice")


def after(*events: Any, state: UserState = NOBODY) -> UserState:
    for event in events:
        state = fold(state, at(state.position + 1, event))
    return state


def open_ids(state: UserState) -> list[str]:
    return [connection.connection_id for connection in state.connections]


def test_a_user_is_online_from_the_first_connection_on() -> None:
    state = after(connected("alice"))
    assert (state.status, state.version, state.position) == ("online", 1, 0)
    assert open_ids(state) == [IDS[0]]


def test_a_second_connection_changes_no_status_and_no_version() -> None:
    state = after(connected("alice"), connected("alice", 1))
    assert (state.status, state.version, open_ids(state)) == ("online", 1, IDS[:2])


def test_a_connection_knows_its_broker_time_and_the_features_that_exist() -> None:
    (connection,) = fold(NOBODY, at(7, connected("alice", features=("typing", "x" * 99, "presence")))).connections
    assert connection.timestamp == TIME_MS + 7
    assert connection.connected_at == TIME
    assert connection.features == ("presence", "typing")


def test_the_last_connection_gone_leaves_the_user_online_until_the_grace_is_over() -> None:
    state = after(connected("alice"), disconnected("alice"))
    assert state.in_grace
    assert state.status == "online"
    gone = offline(state)
    assert (gone.status, gone.version, gone.position) == ("offline", 2, state.position)
    assert gone.last_seen_at == iso(TIME_MS + 1)
    assert not gone.in_grace


def test_a_retired_connection_goes_as_a_disconnected_one_does() -> None:
    assert after(connected("alice"), retired("alice")) == after(connected("alice"), disconnected("alice"))


def test_a_reload_within_the_grace_changes_no_version() -> None:
    state = after(connected("alice"), disconnected("alice"), connected("alice", 1))
    assert (state.status, state.version) == ("online", 1)
    assert offline(state) is state


def test_who_comes_back_is_online_in_a_new_version() -> None:
    state = after(connected("alice", 1), state=offline(after(connected("alice"), disconnected("alice"))))
    assert (state.status, state.version) == ("online", 3)


def test_an_event_at_or_below_the_position_changes_nothing() -> None:
    state = after(connected("alice"), disconnected("alice"))
    assert fold(state, at(1, disconnected("alice"))) is state
    assert fold(state, at(0, connected("alice"))) is state


def test_the_end_of_an_unknown_connection_changes_nothing() -> None:
    state = after(connected("alice"))
    assert fold(state, at(9, disconnected("alice", 5))) is state
    assert fold(NOBODY, at(9, retired("alice", 5))) is NOBODY


def test_a_connected_told_twice_counts_once_and_keeps_its_first_time() -> None:
    state = after(connected("alice"))
    assert fold(state, at(4, connected("alice"))) is state


def test_the_newest_connections_beyond_the_limit_are_surplus() -> None:
    state = after(*(connected("alice", number) for number in range(4)))
    assert [one.connection_id for one in surplus(state, 2)] == IDS[2:4]
    assert surplus(state, 4) == ()


def test_a_state_survives_its_way_through_the_log() -> None:
    state = after(connected("alice", features=("rooms",)), connected("alice", 1))
    event = PRESENCE.decode(encode(event_of(state, TIME)))
    assert isinstance(event, PresenceChanged)
    assert state_of(event) == state


def test_a_state_that_is_published_again_has_the_same_event_id_and_another_has_another() -> None:
    state = after(connected("alice"), disconnected("alice"))
    assert event_of(state, TIME).event_id == event_of(state, "later").event_id
    assert event_of(state, TIME).event_id != event_of(offline(state), TIME).event_id
