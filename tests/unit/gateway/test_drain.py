import asyncio

from chassis.process import Stop
from gateway.drain import BATCH, Drain
from tests.doubles.gateway import Inside, socket_of
from tests.unit.gateway.test_marks import Marking
from tests.waiting import eventually


def drain_of(made: Marking, drain_s: float) -> Drain:
    return Drain(
        registry=made.registry,
        endings=made.endings,
        marks=made.marks,
        in_flight=made.in_flight,
        departures=made.departures,
        drain_s=drain_s,
        acknowledgement_s=5.0,
    )


def closed(made: Inside, connections: list[object]) -> int:
    return sum(connection.socket.closed is not None for connection in connections)  # type: ignore[attr-defined]


async def test_a_frame_under_way_gets_its_ack_before_the_close() -> None:
    made = Marking()
    busy = made.connection("busy")
    made.say(busy)
    draining = asyncio.create_task(drain_of(made, 10.0).run(Stop()))
    await eventually(lambda: busy.closing_soon, every_s=0.005)
    assert socket_of(busy).closed is None
    await made.publisher.acknowledge()
    await eventually(lambda: socket_of(busy).closed == (1012, "Service restart"), every_s=0.005)
    assert [frame["type"] for frame in made.frames(busy)] == ["ACK"]
    await made.publisher.acknowledge()
    assert await draining


async def test_batches_are_spread_and_a_second_signal_hurries_them() -> None:
    made = Marking()
    connections = [made.connection(f"user-{number}") for number in range(BATCH + 1)]
    stop = Stop()
    stop.ask()
    draining = asyncio.create_task(drain_of(made, 600.0).run(stop))
    await eventually(lambda: closed(made, list(connections)) == BATCH, every_s=0.005)
    stop.ask()
    await eventually(lambda: closed(made, list(connections)) == BATCH + 1, every_s=0.005)
    await made.publisher.acknowledge()
    assert await draining


async def test_what_kafka_does_not_take_is_not_waited_for_for_ever() -> None:
    made = Marking()
    made.connection("alice")
    assert not await drain_of(made, 0.1).run(Stop())


async def test_read_marks_that_wait_are_published() -> None:
    made = Marking()
    connection = made.connection("alice")
    await made.mark(connection, 1)
    await made.mark(connection, 2)
    draining = asyncio.create_task(drain_of(made, 10.0).run(Stop()))
    await eventually(lambda: len(made.publisher.messages) == 2, every_s=0.005)
    await made.publisher.acknowledge()
    await eventually(lambda: len(made.publisher.messages) == 3, every_s=0.005)
    await made.publisher.acknowledge()
    assert await draining
