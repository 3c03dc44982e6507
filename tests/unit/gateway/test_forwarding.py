from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from aiohttp import web

from contracts.connection_api import GONE, LIMIT_EXCEEDED
from contracts.gateways import LeaseRenewed, Tick
from contracts.ids import new_connection_id
from gateway.epochs import Epochs
from gateway.forwarding import Answered, Forwarding

EPOCH = "0a0b0c0d"
Answer = Callable[[web.Request], Awaitable[web.Response]]


class Elsewhere:
    """Another gateway, and what this one knows of it."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.status = 200
        self.epochs = Epochs()
        self.behind = False
        self.arrives: LeaseRenewed | None = None
        self.address = ""
        self.forwarding = Forwarding(
            gateway_id="gateway-1",
            epochs=self.epochs,
            catch_up=self.catch_up,
            key_id="k",
            secret="s",
            region="us-east-1",
            timeout_s=0.5,
        )

    async def catch_up(self) -> None:
        if self.behind:
            raise TimeoutError
        if self.arrives is not None:
            self.epochs.apply(self.arrives, 0)

    async def answer(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        return web.Response(status=self.status, headers={"x-amzn-ErrorType": "Some"})

    def lease(self, epoch: str = EPOCH, address: str | None = None) -> LeaseRenewed:
        return LeaseRenewed(
            event_id="e", occurred_at="t", gateway_id="gateway-2", epoch=epoch, address=address or self.address
        )

    async def forward(self, epoch: str = EPOCH) -> object:
        return await self.forwarding.forward("POST", epoch, new_connection_id(epoch), b"x")


@pytest_asyncio.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    made = Elsewhere()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    made.address = f"http://{host}:{port}/prod"
    yield made
    await made.forwarding.close()
    await runner.cleanup()


async def test_a_call_is_passed_on_signed_and_marked_and_its_answer_comes_back(elsewhere: Elsewhere) -> None:
    elsewhere.epochs.apply(elsewhere.lease(), 0)
    elsewhere.status = 410
    assert await elsewhere.forward() == Answered(410, "Some", b"")
    (request,) = elsewhere.requests
    assert request.headers["x-kaiwa-forwarded-by"] == "gateway-1"
    assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert request.raw_path.startswith("/prod/@connections/")
    assert request.raw_path.endswith("%3D")


async def test_a_trace_goes_on_with_what_is_passed_on(elsewhere: Elsewhere) -> None:
    elsewhere.epochs.apply(elsewhere.lease(), 0)
    trace = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await elsewhere.forwarding.forward("POST", EPOCH, new_connection_id(EPOCH), b"x", trace)
    await elsewhere.forward()
    assert [request.headers.get("traceparent") for request in elsewhere.requests] == [trace.decode(), None]


async def test_an_epoch_that_is_not_known_yet_is_looked_for(elsewhere: Elsewhere) -> None:
    elsewhere.arrives = elsewhere.lease()
    assert isinstance(await elsewhere.forward(), Answered)


async def test_an_epoch_that_nobody_knows_is_gone_only_after_catching_up(elsewhere: Elsewhere) -> None:
    elsewhere.behind = True
    assert await elsewhere.forward() is LIMIT_EXCEEDED
    elsewhere.behind = False
    assert await elsewhere.forward() is GONE


async def test_an_epoch_that_has_ended_is_gone_without_asking(elsewhere: Elsewhere) -> None:
    elsewhere.epochs.apply(elsewhere.lease(), 0)
    elsewhere.epochs.end("gateway-2", EPOCH)
    elsewhere.behind = True
    assert await elsewhere.forward() is GONE
    assert elsewhere.requests == []


async def test_a_gateway_that_fails_or_is_away_is_a_reason_to_try_again(elsewhere: Elsewhere) -> None:
    elsewhere.epochs.apply(elsewhere.lease(), 0)
    elsewhere.status = 500
    assert await elsewhere.forward() is LIMIT_EXCEEDED
    elsewhere.epochs.apply(elsewhere.lease(address="http://127.0.0.1:9/prod"), 0)
    assert await elsewhere.forward() is LIMIT_EXCEEDED


async def test_another_tenant_of_the_address_is_gone_only_if_the_epoch_has_ended(elsewhere: Elsewhere) -> None:
    elsewhere.epochs.apply(elsewhere.lease(), 0)
    elsewhere.status = 421
    assert await elsewhere.forward() is LIMIT_EXCEEDED
    elsewhere.arrives = elsewhere.lease("11111111")
    assert await elsewhere.forward() is GONE


async def test_a_gateway_that_died_more_than_a_day_ago_is_gone_though_its_lease_is_still_there(
    elsewhere: Elsewhere,
) -> None:
    elsewhere.epochs.apply(elsewhere.lease(address="http://127.0.0.1:9/prod"), 0)
    assert await elsewhere.forward() == LIMIT_EXCEEDED
    for number in range(9):
        elsewhere.epochs.apply(Tick(event_id="e", occurred_at="t", worker_id="w"), 86_400_001 + number)
    assert await elsewhere.forward() == GONE
