from contracts.close_codes import ABNORMAL, BEHIND, NORMAL
from contracts.connections import Disconnected
from gateway.outbox import text_frame
from tests.doubles.gateway import Inside, socket_of


async def test_an_ending_is_told_once_with_its_code() -> None:
    inside = Inside()
    connection = inside.connection("alice")
    inside.endings.close(connection, NORMAL)
    inside.endings.close(connection, BEHIND)
    inside.endings.ended(connection, 1006, "late news")
    (event,) = inside.publisher.events()
    assert isinstance(event, Disconnected)
    assert (event.connection_id, event.user_id, event.code, event.reason) == (
        connection.id,
        "alice",
        1000,
        "Connection Closed Normally",
    )
    assert inside.publisher.messages[0].key == "alice"
    assert socket_of(connection).closed == (1000, "Connection Closed Normally")
    assert inside.registry.get(connection.id) is None


async def test_what_was_offered_goes_out_before_the_close() -> None:
    inside = Inside()
    connection = inside.connection()
    connection.outbox.offer(text_frame(b"last words"))
    inside.endings.close(connection, NORMAL)
    assert socket_of(connection).writes == [text_frame(b"last words")]


async def test_a_connection_without_a_socket_only_remembers() -> None:
    inside = Inside()
    connection = inside.connection(live=False)
    inside.endings.close(connection, BEHIND)
    assert connection.ending is not None
    assert connection.ending.code == 4408


async def test_what_no_close_frame_can_say_is_cut_off() -> None:
    inside = Inside()
    lost, odd = inside.connection(), inside.connection()
    inside.endings.close(lost, ABNORMAL)
    inside.endings.close_as(odd, 999, "no code")
    assert socket_of(lost).aborted
    assert socket_of(odd).aborted


async def test_a_long_reason_is_cut_to_what_a_frame_holds() -> None:
    inside = Inside()
    connection = inside.connection()
    inside.endings.close_as(connection, 4000, "あ" * 100)
    assert socket_of(connection).closed == (4000, "あ" * 41)
