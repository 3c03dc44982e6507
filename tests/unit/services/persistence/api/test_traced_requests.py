"""A request is a span under which its events go on; who calls does not decide what is recorded."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.persistence.api import trace
from services.persistence.api.guard import Guard
from tests.doubles.traces import Kept, is_under, said, traceparent
from tests.unit.services.persistence.api.asgi import ask
from tests.unit.services.persistence.api.test_guard import guarded, respond

CALLERS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


class Served:
    """An application that answers as told, and what its requests carried."""

    def __init__(self, kept: Kept, status: int = 200) -> None:
        self.carried: list[str] = []
        self.status = status
        self.guard: Guard = guarded(self._answer, traces=kept.traces)

    async def _answer(self, scope: Any, _receive: Any, send: Any) -> None:
        scope["route"] = SimpleNamespace(path="/api/users/{user_id}/profile")
        self.carried.append(trace.current.get() or "")
        await respond(send, self.status)

    async def get(self, path: str = "/api/users/alice@example.com/profile", **headers: str) -> None:
        await ask(self.guard, "PUT", path, headers=headers)


async def test_a_request_is_named_by_its_route_and_holds_no_address_and_no_token() -> None:
    kept = Kept()
    served = Served(kept)
    await served.get(Authorization=f"Bearer {TOKEN}")
    (span,) = kept.spans
    assert span.name == "PUT /api/users/{user_id}/profile"
    assert said(span) == {
        "http.request.method": "PUT",
        "http.route": "/api/users/{user_id}/profile",
        "http.response.status_code": 200,
    }
    assert served.carried == [traceparent(span).decode()]
    assert "alice" not in span.to_json()
    assert TOKEN not in span.to_json()


async def test_a_callers_trace_goes_on() -> None:
    kept = Kept()
    await Served(kept).get(traceparent=CALLERS)
    assert is_under(kept.spans[0], CALLERS.encode())


async def test_what_a_caller_asks_to_record_is_not_recorded_at_a_ratio_of_0() -> None:
    kept = Kept(ratio=0)
    served = Served(kept)
    await served.get(traceparent=CALLERS)
    assert kept.spans == []
    assert served.carried[0].startswith(CALLERS[:36])
    assert served.carried[0].endswith("-00")


async def test_the_page_is_not_recorded() -> None:
    kept = Kept()
    await Served(kept).get("/index.html")
    assert kept.spans == []


@pytest.mark.parametrize(("status", "error"), [(404, None), (503, "503")])
async def test_a_fault_of_ours_is_an_error_and_a_refusal_is_none(status: int, error: str | None) -> None:
    kept = Kept()
    await Served(kept, status).get()
    assert said(kept.spans[0]).get("error.type") == error
