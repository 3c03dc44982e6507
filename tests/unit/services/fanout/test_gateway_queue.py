"""What waits for one gateway."""

from services.fanout.delivery import Delivery
from services.fanout.gateway_queue import Cargo, GatewayQueue, Item, QueueLimits
from tests.unit.services.fanout import given


def item(payload: bytes = b"x", *names: str, delivery: Delivery | None = None) -> Item:
    return Item(payload, tuple(given.connection_id(name) for name in names or ("a",)), delivery or Delivery(0))


def payloads(cargo: Cargo) -> list[bytes]:
    return [taken.payload for taken in cargo.items]


def test_what_queued_up_goes_into_one_request_in_order() -> None:
    queue = GatewayQueue(QueueLimits())
    for payload in (b"1", b"2", b"3"):
        assert queue.add(item(payload))
    assert payloads(queue.take()) == [b"1", b"2", b"3"]
    assert not queue


def test_a_request_is_bounded_by_pushes_bytes_and_connections() -> None:
    for limits in (
        QueueLimits(request_pushes=2),
        QueueLimits(request_bytes=500),
        QueueLimits(request_connections=2),
    ):
        queue = GatewayQueue(limits)
        for payload in (b"1", b"2", b"3"):
            queue.add(item(payload))
        assert payloads(queue.take()) == [b"1", b"2"]
        assert payloads(queue.take()) == [b"3"]


def test_a_push_that_is_larger_than_a_request_goes_alone() -> None:
    queue = GatewayQueue(QueueLimits(request_bytes=10))
    queue.add(item(b"x" * 100))
    assert len(queue.take().items) == 1


def test_a_full_queue_takes_nothing_more() -> None:
    queue = GatewayQueue(QueueLimits(pushes=1))
    assert queue.add(item())
    assert not queue.add(item())
    assert not GatewayQueue(QueueLimits(bytes=100)).add(item(b"x" * 100))


def test_bytes_are_counted_until_they_are_taken_or_dropped() -> None:
    queue = GatewayQueue(QueueLimits())
    queue.add(item())
    assert queue.bytes > 0
    queue.take()
    assert queue.bytes == 0
    queue.add(item())
    assert len(queue.drop()) == 1
    assert (queue.bytes, len(queue)) == (0, 0)


def test_marked_connections_are_closed_with_the_next_request_even_without_a_push() -> None:
    queue = GatewayQueue(QueueLimits())
    queue.mark(["b", "a", "b"])
    assert queue
    assert queue.take() == Cargo((), ("b", "a"))
    assert queue.take().close == ()


def test_what_nobody_waits_for_any_more_is_taken_out() -> None:
    queue, gone, kept = GatewayQueue(QueueLimits()), Delivery(1), Delivery(2)
    gone.expect()
    queue.add(item(b"1", delivery=gone))
    queue.add(item(b"2", delivery=kept))
    gone.abandon()
    queue.drop_abandoned()
    assert payloads(queue.take()) == [b"2"]


def test_a_request_is_needed_as_long_as_anybody_waits_for_it() -> None:
    gone, kept = Delivery(1), Delivery(2)
    cargo = Cargo((item(delivery=gone), item(delivery=kept)), ())
    gone.abandon()
    assert cargo.needed
    kept.abandon()
    assert not cargo.needed
    assert Cargo((), ("a",)).needed
