import asyncio
import time
from typing import Any

from prometheus_client import REGISTRY

from contracts.connection_api import INVALID_BODY, MISDIRECTED, Push, PushRequest, decode_push_answer, encode_bulk
from gateway.bulk import WORKERS_REMEMBERED, BulkPush
from tests.doubles.gateway import EPOCH, Inside, socket_of


def bulk_of(inside: Inside, epoch: str = EPOCH) -> BulkPush:
    return BulkPush(
        gateway_id="gateway-1",
        epoch=lambda: epoch,
        registry=inside.registry,
        endings=inside.endings,
        deliverer=inside.deliverer,
    )


def body(*pushes: Push, **changes: Any) -> bytes:
    values = {"gateway_id": "gateway-1", "epoch": EPOCH, "worker_id": "w", "number": 1, "pushes": pushes, **changes}
    return encode_bulk(PushRequest(**values))


async def test_a_repeated_number_gets_the_same_answer_and_no_push() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    push = Push(b'{"n":1}', (connection.id, "AAAAAAAAAAAAAAA="))
    first = await bulk.handle(body(push))
    assert await bulk.handle(body(push)) == first
    assert isinstance(first, bytes)
    assert decode_push_answer(first).gone == ("AAAAAAAAAAAAAAA=",)
    assert inside.frames(connection) == [{"n": 1}]


async def test_a_number_that_was_passed_pushes_nothing() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    await bulk.handle(body(Push(b'{"n":5}', (connection.id,)), number=5))
    await bulk.handle(body(Push(b'{"n":4}', (connection.id,)), number=4))
    assert inside.frames(connection) == [{"n": 5}]


async def test_workers_and_epochs_count_for_themselves() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    await bulk.handle(body(Push(b'{"n":1}', (connection.id,)), number=9))
    await bulk.handle(body(Push(b'{"n":2}', (connection.id,)), number=1, worker_id="other"))
    again = BulkPush(
        gateway_id="gateway-1",
        epoch=lambda: "11111111",
        registry=inside.registry,
        endings=inside.endings,
        deliverer=inside.deliverer,
    )
    again._workers = bulk._workers
    await again.handle(body(Push(b'{"n":3}', (connection.id,)), number=1, epoch="11111111"))
    assert [frame["n"] for frame in inside.frames(connection)] == [1, 2, 3]


async def test_another_epoch_or_gateway_learns_nothing() -> None:
    inside = Inside()
    bulk = bulk_of(inside)
    assert await bulk.handle(body(epoch="11111111")) is MISDIRECTED
    assert await bulk.handle(body(gateway_id="gateway-2")) is MISDIRECTED


async def test_what_is_no_request_or_no_text_pushes_nothing() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    assert await bulk.handle(b"\xc1") is INVALID_BODY
    bad = body(Push(b"good", (connection.id,)), Push(b"\xff", (connection.id,)))
    assert await bulk.handle(bad) is INVALID_BODY
    assert inside.frames(connection) == []


async def test_a_push_to_what_is_no_connection_id_pushes_nothing_to_the_others_either() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    bad = body(Push(b"good", (connection.id,)), Push(b"x", (connection.id, "nobody")))
    assert await bulk.handle(bad) is INVALID_BODY
    assert inside.frames(connection) == []


async def test_those_to_close_are_closed_first_and_named_gone() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    answer = await bulk.handle(body(Push(b"x", (connection.id,)), close=(connection.id,)))
    assert socket_of(connection).closed == (4408, "behind")
    assert socket_of(connection).writes == []
    assert isinstance(answer, bytes)
    assert decode_push_answer(answer).gone == (connection.id,)


async def test_one_that_falls_behind_on_the_way_is_slow_and_not_gone() -> None:
    inside = Inside(limit_bytes=100)
    bulk, connection = bulk_of(inside), inside.connection()
    answer = await bulk.handle(body(*(Push(b"x" * 60, (connection.id,)) for _ in range(3))))
    assert isinstance(answer, bytes)
    assert (decode_push_answer(answer).slow, decode_push_answer(answer).gone) == ((connection.id,), ())


async def test_the_same_request_twice_at_once_pushes_once() -> None:
    inside = Inside(limit_bytes=10_000_000)
    bulk, connection = bulk_of(inside), inside.connection()
    request = body(*(Push(b"1", (connection.id,) * 1500) for _ in range(4)))
    first, second = await asyncio.gather(bulk.handle(request), bulk.handle(request))
    assert first == second
    assert len(inside.frames(connection)) == 6000


async def test_pushes_in_a_row_for_the_same_connections_keep_their_order_among_the_others() -> None:
    inside = Inside()
    bulk, one, two = bulk_of(inside), inside.connection(), inside.connection()
    to = [(one.id, two.id), (one.id, two.id), (two.id,), (one.id, two.id)]
    await bulk.handle(body(*(Push(b'{"n":%d}' % n, ids) for n, ids in enumerate(to))))
    assert [frame["n"] for frame in inside.frames(one)] == [0, 1, 3]
    assert [frame["n"] for frame in inside.frames(two)] == [0, 1, 2, 3]


async def test_pushes_in_a_row_for_the_same_connections_are_no_more_at_once_than_goes_in_a_turn() -> None:
    inside = Inside(limit_bytes=10_000_000)
    bulk, connection = bulk_of(inside), inside.connection()
    pushes = (Push(b"1", (connection.id,)) for _ in range(5_000))
    pushing = asyncio.ensure_future(bulk.handle(body(*pushes)))
    await asyncio.sleep(0)
    assert len(inside.frames(connection)) == 2_000
    await pushing
    assert len(inside.frames(connection)) == 5_000


async def test_every_copy_counts_whether_it_went_alone_or_with_others() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    before = [pushed(outcome) for outcome in ("delivered", "gone")]
    await bulk.handle(body(*(Push(b"1", (connection.id, "AAAAAAAAAAAAAAA=")) for _ in range(3))))
    assert [pushed(outcome) for outcome in ("delivered", "gone")] == [before[0] + 3, before[1] + 3]


def pushed(outcome: str) -> float:
    return REGISTRY.get_sample_value("kaiwa_gateway_pushed_total", {"outcome": outcome}) or 0.0


async def test_the_memory_is_bounded() -> None:
    bulk = bulk_of(Inside())
    for number in range(WORKERS_REMEMBERED + 10):
        await bulk.handle(body(worker_id=f"w{number}"))
    assert len(bulk._workers) == WORKERS_REMEMBERED


async def test_the_time_from_the_log_to_the_socket_is_measured_after_the_write_and_once_for_each_message() -> None:
    inside = Inside()
    bulk, connection, other = bulk_of(inside), inside.connection(), inside.connection()
    count, total = delivery_seconds()
    accepted = int(time.time() * 1000) - 2_000
    await bulk.handle(body(Push(b"{}", (connection.id, other.id), accepted), Push(b"{}", (other.id,))))
    assert delivery_seconds() == (count, total), "nothing has been written yet"
    await asyncio.sleep(0)
    (now_count, now_total) = delivery_seconds()
    assert now_count - count == 1
    assert 2 <= now_total - total < 30


async def test_a_clock_ahead_of_ours_measures_nothing_below_zero() -> None:
    inside = Inside()
    bulk, connection = bulk_of(inside), inside.connection()
    _, total = delivery_seconds()
    await bulk.handle(body(Push(b"{}", (connection.id,), int(time.time() * 1000) + 60_000)))
    await asyncio.sleep(0)
    assert delivery_seconds()[1] == total


def delivery_seconds() -> tuple[float, float]:
    count, total = (REGISTRY.get_sample_value(f"kaiwa_delivery_seconds_{part}") for part in ("count", "sum"))
    return count or 0.0, total or 0.0
