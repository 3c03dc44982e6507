import asyncio
import contextlib
from typing import Any

import pytest

from services.persistence.api import trace
from services.persistence.api.guard import Guard
from tests.unit.services.persistence.api.asgi import Answer, ask


def guarded(app: Any, **limits: Any) -> Guard:
    return Guard(app, **({"body_bytes": 100, "body_limit_s": 3.0, "time_limit_s": 5.0, "concurrency": 10} | limits))


async def respond(send: Any, status: int = 200, body: bytes = b"ok") -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def reads(_scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    await respond(send, body=message["body"])


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


async def test_a_body_at_the_limit_passes_and_one_over_it_does_not() -> None:
    assert (await ask(guarded(reads), "POST", body=b"x" * 100)).body == b"x" * 100
    assert code(await ask(guarded(reads), "POST", body=b"x" * 101)) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_length_that_is_declared_over_the_limit_is_refused_unread() -> None:
    async def never_called(*_: Any) -> None:
        raise AssertionError

    answer = await ask(guarded(never_called), "POST", headers={"Content-Length": "101"})
    assert code(answer) == (413, "PAYLOAD_TOO_LARGE")
    assert answer.headers["connection"] == "close"


async def test_a_body_that_trickles_in_gives_its_place_up() -> None:
    async def reads_all(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    sent: list[Any] = []

    async def trickle() -> Any:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    await guarded(reads_all, body_limit_s=0.1)(scope, trickle, send)
    assert sent[0]["status"] == 400
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"did not arrive within 0.1 s" in sent[1]["body"]


async def test_once_the_body_is_there_its_limit_is_over() -> None:
    async def waits_for_the_client_to_go(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await receive()
        await respond(send)

    assert (await ask(guarded(waits_for_the_client_to_go, body_limit_s=0.02), "POST")).status == 200


async def test_what_never_ends_ends_at_the_time_limit() -> None:
    async def hangs(*_: Any) -> None:
        await asyncio.Event().wait()

    assert code(await ask(guarded(hangs, time_limit_s=0.01))) == (503, "UNAVAILABLE")


async def test_a_fault_is_answered_500_without_a_stack_trace() -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("the password is hush")

    answer = await ask(guarded(fails))
    assert code(answer) == (500, "INTERNAL")
    assert b"hush" not in answer.body
    assert b"Traceback" not in answer.body


async def test_a_fault_after_the_answer_began_breaks_the_connection() -> None:
    async def fails_late(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("too late")

    with pytest.raises(RuntimeError, match="too late"):
        await ask(guarded(fails_late))


async def test_a_request_that_is_given_up_is_not_answered() -> None:
    async def hangs(*_: Any) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(ask(guarded(hangs)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_more_than_may_be_under_way_are_refused_and_room_is_made_again() -> None:
    go_on = asyncio.Event()

    async def waits(_scope: Any, _receive: Any, send: Any) -> None:
        await go_on.wait()
        await respond(send)

    guard = guarded(waits, concurrency=2)
    under_way = [asyncio.create_task(ask(guard)) for _ in range(2)]
    await asyncio.sleep(0)
    refused = await ask(guard)
    assert code(refused) == (503, "UNAVAILABLE")
    assert refused.headers["retry-after"] == "1"
    go_on.set()
    assert [answer.status for answer in await asyncio.gather(*under_way)] == [200, 200]
    assert (await ask(guard)).status == 200


async def test_each_request_has_a_trace_of_its_own() -> None:
    seen: list[str | None] = []

    async def remembers(_scope: Any, _receive: Any, send: Any) -> None:
        seen.append(trace.current.get())
        await respond(send)

    for _ in range(2):
        await ask(guarded(remembers))
    assert len(set(seen)) == 2
    assert None not in seen


async def test_other_kinds_of_scope_pass_through() -> None:
    seen: list[str] = []

    async def remembers(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    await guarded(remembers)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]  # nothing is received or sent
    assert seen == ["lifespan"]
