import struct

import pytest
from prometheus_client import REGISTRY
from websockets.frames import Frame, Opcode

from gateway.outbox import Outbox, Outboxes, text_frame
from tests.doubles.gateway import FakeSocket, Inside, payloads


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 131_072])
def test_a_text_frame_is_what_the_websockets_library_writes(size: int) -> None:
    payload = b"x" * size
    assert text_frame(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert struct.unpack("!B", text_frame(payload)[:1]) == (0x81,)


def opened(inside: Inside) -> tuple[Outbox, FakeSocket]:
    outbox, socket = Outbox(inside.outboxes, "c"), FakeSocket()
    outbox.open(socket)
    return outbox, socket


def test_frames_of_one_turn_are_one_write() -> None:
    inside = Inside()
    outbox, socket = opened(inside)
    for payload in (b"1", b"2", b"3"):
        assert outbox.offer(text_frame(payload))
    assert socket.writes == []
    inside.end_turn()
    assert len(socket.writes) == 1
    assert payloads(socket.writes[0]) == [b"1", b"2", b"3"]


def test_all_outboxes_of_a_turn_are_written_by_one_callback() -> None:
    inside = Inside()
    sockets = []
    for _ in range(3):
        outbox, socket = opened(inside)
        outbox.offer(text_frame(b"x"))
        sockets.append(socket)
    assert len(inside.soon) == 1
    inside.end_turn()
    assert [len(socket.writes) for socket in sockets] == [1, 1, 1]


def test_connections_with_the_same_waiting_frames_share_the_joined_bytes() -> None:
    inside = Inside()
    (one, its), (two, others), (odd, odds) = opened(inside), opened(inside), opened(inside)
    first, second = text_frame(b"1"), text_frame(b"2")
    for outbox in (one, two):
        outbox.offer(first)
        outbox.offer(second)
    odd.offer(second)
    inside.end_turn()
    assert its.writes[0] is others.writes[0]
    assert (payloads(its.writes[0]), payloads(odds.writes[0])) == ([b"1", b"2"], [b"2"])


def test_a_frame_that_waits_alone_is_written_without_a_copy() -> None:
    inside = Inside()
    outbox, socket = opened(inside)
    frame = text_frame(b"1")
    outbox.offer(frame)
    inside.end_turn()
    assert socket.writes[0] is frame


def test_what_came_before_the_101_goes_out_in_order_when_it_opens() -> None:
    inside = Inside()
    outbox, socket = Outbox(inside.outboxes, "c"), FakeSocket()
    outbox.offer(text_frame(b"1"))
    outbox.offer(text_frame(b"2"))
    inside.end_turn()
    outbox.open(socket)
    outbox.offer(text_frame(b"3"))
    inside.end_turn()
    assert payloads(b"".join(socket.writes)) == [b"1", b"2", b"3"]


def test_what_is_over_the_limit_is_not_taken_whether_queued_or_unsent() -> None:
    inside = Inside(limit_bytes=100)
    outbox, socket = opened(inside)
    assert outbox.offer(b"x" * 60)
    assert not outbox.offer(b"x" * 41)
    inside.end_turn()
    assert not outbox.offer(b"x" * 41)
    socket.read()
    assert outbox.offer(b"x" * 100)
    assert outbox.waiting == 100


def test_a_closed_outbox_writes_nothing_more() -> None:
    inside = Inside()
    outbox, socket = opened(inside)
    outbox.offer(b"x")
    outbox.close()
    inside.end_turn()
    assert socket.writes == []


def stuck(outboxes: Outboxes, now: float) -> list[str]:
    return outboxes.stuck(now, 30.0)


def test_an_outbox_whose_oldest_byte_waits_for_too_long_is_stuck() -> None:
    inside = Inside()
    outbox, _ = opened(inside)
    outbox.offer(b"x" * 10)
    inside.end_turn()
    assert stuck(inside.outboxes, 0.0) == []
    assert stuck(inside.outboxes, 30.0) == []
    assert stuck(inside.outboxes, 30.1) == ["c"]


def test_one_that_moves_is_not_stuck_even_if_it_never_empties() -> None:
    inside = Inside()
    outbox, socket = opened(inside)
    for number in range(10):
        outbox.offer(b"x" * 10)
        inside.end_turn()
        assert stuck(inside.outboxes, number * 20.0) == []
        socket.read(socket.unsent() - 5)


def test_one_that_trickles_is_stuck_until_its_old_bytes_are_gone() -> None:
    inside = Inside()
    outbox, socket = opened(inside)
    outbox.offer(b"x" * 100)
    inside.end_turn()
    stuck(inside.outboxes, 0.0)
    socket.read(50)
    assert stuck(inside.outboxes, 31.0) == ["c"]
    socket.read(50)
    assert stuck(inside.outboxes, 32.0) == []


def test_what_clients_have_not_taken_is_told() -> None:
    inside = Inside()
    (slow, _), (quick, socket) = opened(inside), opened(inside)
    for outbox in (slow, slow, quick):
        outbox.offer(b"x" * 10)
        inside.end_turn()
    stuck(inside.outboxes, 0.0)
    assert (gauge("outbox_bytes"), gauge("outbox_fullest_bytes")) == (30, 20)
    slow.close()
    socket.read()
    stuck(inside.outboxes, 1.0)
    assert (gauge("outbox_bytes"), gauge("outbox_fullest_bytes")) == (0, 0)


def gauge(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"kaiwa_gateway_{name}")
