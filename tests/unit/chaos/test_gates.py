"""A gate lets everything through, until a fault has another mind."""

import asyncio
import random
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.chaos.faults.fault import Fault
from tests.chaos.faults.table import Conflicting, LosingAnswers, Throttling
from tests.chaos.gates import TableGate
from tests.waiting import eventually


class Engine:
    """Counts what it was asked to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.done.append(request.headers["X-Amz-Target"].rpartition(".")[2])
        return web.json_response({"done": len(self.done)})


@pytest.fixture
async def engine() -> AsyncIterator[tuple[Engine, TableGate, aiohttp.ClientSession]]:
    made = Engine()
    application = web.Application()
    application.router.add_post("/", made.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gate = TableGate(runner.addresses[0][1])
    await gate.open()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        yield made, gate, http
    await gate.close()
    await runner.cleanup()


async def ask(http: aiohttp.ClientSession, gate: TableGate, operation: str) -> tuple[int, Any]:
    headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}"}
    async with http.post(f"http://127.0.0.1:{gate.port}/", data=b"{}" * 5000, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def begun(fault: Fault, gate: TableGate) -> Any:
    stage: Any = SimpleNamespace(cluster=SimpleNamespace(tables={"api": gate}), dice=random.Random(1))
    fault.share = 1.0  # type: ignore[attr-defined]
    await fault.begin(stage)
    return stage


async def test_requests_pass_one_after_the_other_on_one_connection(engine: Any) -> None:
    made, gate, http = engine
    assert [await ask(http, gate, "GetItem") for _ in range(3)] == [(200, {"done": number}) for number in (1, 2, 3)]
    assert made.done == ["GetItem"] * 3


async def test_a_lost_answer_is_that_of_a_write_that_was_done(engine: Any) -> None:
    made, gate, http = engine
    fault = LosingAnswers()
    stage = await begun(fault, gate)
    assert await ask(http, gate, "GetItem") == (200, {"done": 1})
    with pytest.raises(aiohttp.ClientError):
        await ask(http, gate, "TransactWriteItems")
    assert made.done[1] == "TransactWriteItems"
    await fault.end(stage)
    status, _ = await ask(http, gate, "TransactWriteItems")
    assert status == 200


@pytest.mark.parametrize(
    ("fault", "code"),
    [(Throttling(), "ProvisionedThroughputExceededException"), (Conflicting(), "TransactionCanceledException")],
)
async def test_a_refusal_reaches_the_client_and_not_the_table(engine: Any, fault: Fault, code: str) -> None:
    made, gate, http = engine
    await begun(fault, gate)
    status, told = await ask(http, gate, "TransactWriteItems")
    assert (status, told["__type"].rpartition("#")[2]) == (400, code)
    assert made.done == []


async def test_a_gate_that_refuses_breaks_connections_and_lets_through_again(engine: Any) -> None:
    _, gate, http = engine
    gate.shut("refuse")
    with pytest.raises(aiohttp.ClientError):
        await ask(http, gate, "GetItem")
    gate.let_through()
    assert (await ask(http, gate, "GetItem"))[0] == 200


async def test_what_a_gate_swallows_is_broken_when_it_lets_through_again(engine: Any) -> None:
    made, gate, http = engine
    gate.shut("swallow")
    asking = asyncio.create_task(ask(http, gate, "GetItem"))
    await eventually(lambda: gate.waiting == 1, within_s=5)
    assert not asking.done()
    gate.let_through()
    with pytest.raises(aiohttp.ClientError):
        await asking
    assert made.done == []
