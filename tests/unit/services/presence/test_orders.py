from contracts.connections import Retired
from contracts.controls import CloseConnection
from contracts.topics import CONNECTIONS, CONTROLS
from services.presence.orders import closing, retirement
from services.presence.state import UserState, fold
from tests.unit.services.presence.log import GATEWAY, IDS, TIME, at, connected

(CONNECTION,) = fold(UserState("alice"), at(0, connected("alice"))).connections


def test_a_retirement_goes_to_the_users_partition_of_the_connections() -> None:
    message = retirement("alice", CONNECTION, "lapsed", TIME)
    assert (message.topic, message.key) == (CONNECTIONS.name, "alice")
    event = CONNECTIONS.decode(message.value)
    assert isinstance(event, Retired)
    assert (event.connection_id, event.user_id, event.cause) == (IDS[0], "alice", "lapsed")


def test_a_retirement_is_the_same_from_the_event_as_from_the_state() -> None:
    assert retirement("alice", CONNECTION, "stopped", TIME) == retirement("alice", connected("alice"), "stopped", TIME)


def test_a_closing_goes_to_the_gateway_with_4409() -> None:
    message = closing("alice", CONNECTION, TIME)
    assert (message.topic, message.key) == (CONTROLS.name, GATEWAY)
    event = CONTROLS.decode(message.value)
    assert isinstance(event, CloseConnection)
    assert (event.connection_id, event.user_id, event.code) == (IDS[0], "alice", 4409)
