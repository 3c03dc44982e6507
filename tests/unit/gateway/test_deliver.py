from contracts.ids import new_connection_id
from contracts.server_frames import PongFrame
from tests.doubles.gateway import EPOCH, Inside, socket_of


async def test_a_push_reaches_each_and_names_who_is_gone() -> None:
    inside = Inside()
    one, two = inside.connection("a"), inside.connection("b")
    gone = new_connection_id(EPOCH)
    missed = inside.deliverer.push(b'{"n":1}', [one.id, gone, two.id])
    assert (missed.gone, missed.slow) == ([gone], [])
    assert inside.frames(one) == inside.frames(two) == [{"n": 1}]


async def test_one_that_does_not_read_is_closed_and_the_others_are_served() -> None:
    inside = Inside(limit_bytes=1000)
    deaf, good = inside.connection("deaf"), inside.connection("good")
    payload = b'"' + b"x" * 600 + b'"'
    assert inside.deliverer.push(payload, [deaf.id, good.id]).slow == []
    inside.end_turn()
    socket_of(good).read()
    missed = inside.deliverer.push(payload, [deaf.id, good.id])
    assert missed.slow == [deaf.id]
    assert socket_of(deaf).closed == (4408, "behind")
    assert len(inside.frames(good)) == 2
    assert inside.deliverer.push(payload, [deaf.id]).gone == [deaf.id]


async def test_a_frame_either_way_keeps_a_connection_from_idling() -> None:
    inside = Inside()
    connection = inside.connection()
    inside.clock.seconds += 50
    inside.deliverer.push(b"x", [connection.id])
    assert connection.life.active_s == inside.clock()


async def test_an_ended_connection_gets_no_answer() -> None:
    inside = Inside()
    connection = inside.connection()
    inside.endings.close_as(connection, 1000, "")
    inside.deliverer.answer(connection, PongFrame(id=1, server_time=0))
    assert inside.frames(connection) == []


async def test_a_connection_that_is_opening_is_reached() -> None:
    inside = Inside()
    connection = inside.connection(live=False)
    assert inside.deliverer.push(b"x", [connection.id]).gone == []
    assert connection.outbox.waiting > 0
