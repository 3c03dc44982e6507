"""A fact is routed and pushed to each gateway under its own trace; one request may carry the pushes of several."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.records import Record
from services.fanout import outcomes
from services.fanout.gateway_queue import Item, QueueLimits
from services.fanout.locations import Locations
from services.fanout.outcomes import Outcome
from services.fanout.push import Pusher
from services.fanout.push_client import NoAnswer
from services.fanout.tracing import Routing, routing
from tests.doubles.traces import Kept, is_under, links, said
from tests.unit.services.fanout import given
from tests.unit.services.fanout.gateway import Gateway
from tests.unit.services.fanout.worker_bench import Bench
from tests.waiting import eventually

UNRECORDED = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def traced(position: int, traceparent: bytes) -> Record:
    made = given.record(given.message(position), position)
    return Record(made.topic, made.partition, made.offset, 0, made.key, made.value, (("traceparent", traceparent),))


def recording(kept: Kept, *, held: bool = False) -> Bench:
    """The lobby, with a connection of bob's at each of two gateways."""
    made = Bench(held=held)
    made.worker._traces = kept.traces
    made.stored(0, "alice", "bob")
    made.site.holds()
    made.site.connect("bob", given.socket("b"), given.socket("c", key=given.OTHER))
    return made


async def test_a_fact_is_routed_once_and_pushed_to_each_gateway_under_its_own_trace() -> None:
    kept = Kept()
    bench, roots = recording(kept, held=True), [kept.root(), kept.root()]
    records = [traced(1, roots[0].traceparent), traced(2, UNRECORDED), traced(3, roots[1].traceparent)]
    handled = await bench.worker.handle(records)
    routes = [span for span in kept.spans if span.name == "route"]
    assert [is_under(span, root.traceparent) for span, root in zip(routes, roots, strict=True)] == [True, True]
    assert said(routes[0]) == {"kaiwa.room.id": "lobby"}
    pushed = [(key.gateway_id, item) for key, item in bench.site.outbox.items]
    assert [gateway for gateway, item in pushed if item.span is not None] == ["gateway-1", "gateway-2"] * 2
    outcome = Outcome(epoch=given.KEY, at=given.AT)
    outcomes.settle([item for _, item in pushed], outcome, Locations().forget)
    assert handled.effects is not None
    await handled.effects
    pushes = [span for span in kept.spans if span.name == "push"]
    assert [is_under(span, roots[n].traceparent) for n, span in zip((0, 0, 1, 1), pushes, strict=True)] == [True] * 4
    assert said(pushes[1]) == {"kaiwa.gateway.id": "gateway-2", "kaiwa.connections": 1}
    assert "text 1" not in "".join(span.to_json() for span in kept.spans), "what people write is in no span"


async def test_facts_of_traces_that_nobody_records_have_no_spans() -> None:
    kept = Kept()
    bench = recording(kept)
    await bench.worker.handle([traced(1, UNRECORDED)])
    assert kept.spans == []
    assert {item.span for _, item in bench.site.outbox.items} == {None}


class Road:
    """A pusher with traces, and the gateway at its end."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.gateway = Gateway()
        self.gateways = given.known_gateways(given.KEY)
        self.pusher = Pusher(
            given.KEY,
            worker_id="w",
            gateways=self.gateways,
            client=self.gateway,
            limits=QueueLimits(),
            away_s=30.0,
            forget=Locations().forget,
            report=lambda _: None,
            catch_up=asyncio.Event().wait,  # type: ignore[arg-type]
            traces=self.kept.traces,
        )
        self.task: asyncio.Task[None] | None = None

    def push(self, name: str, traceparent: bytes) -> None:
        found = routing(self.kept.traces, traced(1, traceparent), "lobby")
        span = found.pushed(given.KEY, 1) if isinstance(found, Routing) else None
        made = given.item(name)
        self.pusher.push(Item(made.payload, made.connection_ids, made.delivery, span=span))

    def run(self) -> None:
        self.task = asyncio.create_task(self.pusher.run())


@pytest.fixture
async def road() -> AsyncIterator[Road]:
    made = Road()
    yield made
    if made.task is not None:
        made.task.cancel()
        await asyncio.gather(made.task, return_exceptions=True)


async def test_a_request_is_under_its_first_push_linked_with_the_others_and_carried_to_the_gateway(road: Road) -> None:
    roots = [road.kept.root(), road.kept.root()]
    road.push("a", UNRECORDED)
    road.push("b", roots[0].traceparent)
    road.push("c", roots[1].traceparent)
    road.run()
    await road.pusher.drained()
    request = road.kept.one("POST @pushes")
    first, second = [span for span in road.kept.spans if span.name == "push"]
    assert is_under(request, first)
    assert [trace[:35] for trace in links(request)] == [roots[1].traceparent[:35]]
    assert is_under(second, roots[1].traceparent)
    assert said(request) == {
        "http.request.method": "POST",
        "url.template": "/{stage}/@pushes",
        "server.address": "gateway-1",
    }
    (carried,) = road.gateway.traceparents
    assert carried is not None
    assert int(carried.split(b"-")[2], 16) == (request.context.span_id if request.context else 0)


async def test_a_request_without_an_answer_is_a_span_with_its_error_and_so_is_each_of_its_repetitions(
    road: Road,
) -> None:
    road.gateway.errors = [NoAnswer("away")]
    road.push("a", road.kept.root().traceparent)
    road.run()
    await eventually(lambda: "push" in road.kept.names)
    requests = [span for span in road.kept.spans if span.name == "POST @pushes"]
    assert [said(span).get("error.type") for span in requests] == ["GATEWAY_AWAY", None]
    assert len(set(road.gateway.traceparents)) == 2
    assert None not in road.gateway.traceparents


async def test_a_request_of_no_recorded_push_is_no_span_and_carries_nothing(road: Road) -> None:
    road.push("a", UNRECORDED)
    road.run()
    await road.pusher.drained()
    assert road.kept.spans == []
    assert road.gateway.traceparents == [None]


async def test_a_push_whose_gateways_epoch_is_over_ends_with_that(road: Road) -> None:
    road.push("a", road.kept.root().traceparent)
    road.pusher.end()
    assert said(road.kept.one("push"))["error.type"] == "EPOCH_OVER"
