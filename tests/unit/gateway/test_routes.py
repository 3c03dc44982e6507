import json
from typing import Any

from contracts.client_frames import ACTIONS
from contracts.submissions import SendMessage
from gateway.rates import Rate
from gateway.routes import REST_AFTER, Routes
from tests.doubles.gateway import socket_of
from tests.unit.gateway.test_marks import Marking


class Refreshes:
    """Stands for gateway.refresh: its own test has the real one."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def start(self, _connection: object, _request: object, frame: Any) -> None:
        self.started.append(frame.token)


class Routed(Marking):
    """All routes on the doubles."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refresh = Refreshes()
        self.routes = self.with_rates(Rate(1000, 1000), Rate(1000, 1000))

    def with_rates(self, frames: Rate, user_frames: Rate) -> Routes:
        return Routes(
            submit=self.submit,
            marks=self.marks,
            typing=self.typing,
            refresh=self.refresh,  # type: ignore[arg-type]
            answers=self.answers,
            wheel=self.wheel,
            frames=frames,
            user_frames=user_frames,
            content_characters=5000,
            wall_ms=self.clock.wall_ms,
        )


def text(action: str, **fields: Any) -> str:
    return json.dumps({"action": action, **fields})


async def test_the_table_has_every_action_of_the_contract_and_no_other() -> None:
    assert set(Routed().routes.table) == ACTIONS


async def test_a_message_enters_with_the_connection_s_user() -> None:
    made = Routed()
    connection = made.connection("alice", features=("read",))
    made.routes.received(connection, text("sendMessage", chatRoomId="r", content=" hi ", senderId="mallory"))
    (event,) = made.publisher.events()
    assert isinstance(event, SendMessage)
    assert (event.sender_id, event.content, event.connection) == ("alice", " hi ", connection.ref)
    assert made.publisher.messages[0].key == "r"
    assert dict(made.publisher.messages[0].headers)["traceparent"].startswith(b"00-")


async def test_every_action_takes_its_route() -> None:
    made = Routed()
    connection = made.connection()
    made.routes.received(connection, text("markRead", chatRoomId="r", seq=1))
    made.routes.received(connection, text("typing", chatRoomId="r"))
    made.routes.received(connection, text("refreshToken", token="t"))
    made.routes.received(connection, text("ping", id=1))
    assert [type(event).__name__ for event in made.publisher.events()] == ["MarkRead", "Typing"]
    assert made.refresh.started == ["t"]
    assert [frame["type"] for frame in made.frames(connection)] == ["PONG"]


async def test_a_ping_without_id_and_an_unknown_action_are_answered_with_silence() -> None:
    made = Routed()
    connection = made.connection(features=("read",))
    for said in (text("ping"), text("unknown"), "nonsense"):
        made.routes.received(connection, said)
    assert made.frames(connection) == []
    assert made.publisher.messages == []


async def test_an_error_names_the_place_and_not_the_value() -> None:
    made = Routed()
    connection = made.connection(features=("read",))
    made.routes.received(connection, text("refreshToken", token=["secret-token"]))
    (frame,) = made.frames(connection)
    assert frame["code"] == "INVALID_MESSAGE"
    assert "secret" not in frame["message"]


async def test_too_many_frames_are_refused_and_then_not_even_read() -> None:
    made = Routed()
    connection = made.connection()
    routes = made.with_rates(Rate(10, 1), Rate(1000, 1000))
    for number in range(REST_AFTER + 1):
        routes.received(connection, text("ping", clientMessageId=f"k{number}"))
        made.end_turn()
        socket_of(connection).read()
    frames = made.frames(connection)
    assert len(frames) == REST_AFTER
    assert {frame["code"] for frame in frames} == {"THROTTLED"}
    assert socket_of(connection).rested == [5.0]
    made.clock.seconds += 60
    routes.received(connection, text("ping", id=1))
    assert made.frames(connection)[-1]["type"] == "PONG"


async def test_a_frame_keeps_the_connection_from_idling() -> None:
    made = Routed()
    connection = made.connection()
    made.clock.seconds += 10
    made.routes.received(connection, "anything")
    assert connection.life.active_s == made.clock()
