from gateway.answers import Answers
from gateway.requests import Request
from tests.doubles.gateway import Inside


async def test_an_error_goes_to_a_request_with_a_key_and_to_a_connection_with_features() -> None:
    inside = Inside()
    answers = Answers(inside.deliverer, wall_ms=inside.clock.wall_ms)
    old, new = inside.connection(), inside.connection(features=("typing",))
    for connection in (old, new):
        answers.error(connection, Request("sendMessage", None, "r"), "INVALID_MESSAGE", "why")
        answers.error(connection, Request("sendMessage", "k", None), "UNAVAILABLE", "why")
    assert [frame["code"] for frame in inside.frames(old)] == ["UNAVAILABLE"]
    assert inside.frames(new) == [
        {"type": "ERROR", "code": "INVALID_MESSAGE", "message": "why", "retryable": False, "chatRoomId": "r"},
        {"type": "ERROR", "code": "UNAVAILABLE", "message": "why", "retryable": True, "clientMessageId": "k"},
    ]


async def test_the_time_to_wait_is_never_zero() -> None:
    inside = Inside()
    answers = Answers(inside.deliverer, wall_ms=inside.clock.wall_ms)
    connection = inside.connection()
    answers.error(connection, Request("ping", "k"), "THROTTLED", "why", retry_after_s=0.0001)
    assert inside.frames(connection)[0]["retryAfterMs"] == 1


async def test_refreshed_tells_the_new_end_and_the_server_s_time() -> None:
    inside = Inside()
    connection = inside.connection()
    Answers(inside.deliverer, wall_ms=lambda: 5).refreshed(connection, 1_700_000_000)
    (frame,) = inside.frames(connection)
    assert frame == {"type": "TOKEN_REFRESHED", "expiresAt": "2023-11-14T22:13:20.000Z", "serverTime": 5}
