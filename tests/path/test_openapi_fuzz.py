"""Both OpenAPI documents, fuzzed: whatever is asked, the answer is one of those that the document names, never a 5xx.

The HTTP API with a token of an admin, the connection API with a signature. KAIWA_FUZZ_EXAMPLES: how many requests for
each operation.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi import checks

from chassis.sigv4_sign import sign
from contracts import connection_api_document
from contracts.connection_api import BULK_CONTENT_TYPE
from tests import tokens
from tests.path.api_bench import Bench as ApiBench
from tests.path.api_bench import api_on
from tests.path.gateway_bench import KEY_ID, REGION, SECRET, Bench, Running, unique

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = [
    pytest.mark.engine,
    # The library draws from `random` while it makes a request.
    pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning"),
]

EXAMPLES = int(os.environ.get("KAIWA_FUZZ_EXAMPLES", "8"))
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@schemathesis.serializer(BULK_CONTENT_TYPE)
def packed(_context: Any, value: Any) -> bytes:
    """A generated body as msgpack; a payload is bytes there."""
    if isinstance(value, dict) and isinstance(value.get("pushes"), list):
        value["pushes"] = [_with_bytes(push) for push in value["pushes"]]
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return b"\xc1"  # a number that msgpack cannot hold: a byte that it never uses


def _with_bytes(push: Any) -> Any:
    if not isinstance(push, list) or not push or not isinstance(push[0], str):
        return push
    return [push[0].encode("utf-8", "surrogatepass"), *push[1:]]


@schemathesis.deserializer(BULK_CONTENT_TYPE)
def unpacked(_context: Any, response: Any) -> Any:
    """An answer as JSON would have it."""
    return msgspec.msgpack.decode(response.content)


def fuzzed(document: dict[str, Any], ask: Callable[[Any], requests.Response]) -> int:
    """Try every operation; raises what a check found. Returns how many requests were answered."""
    answered = 0
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def try_one(case: Any) -> None:
            nonlocal answered
            response = ask(case)
            answered += 1
            case.validate_response(response, checks=CHECKS)

        try_one()
    return answered


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def api(engines: "RunningEngines") -> AsyncIterator[ApiBench]:
    async with api_on(engines, outcome_wait_s=0.1) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bench: Bench) -> Running:
    return await bench.start(connection_api_rate=1e6, connection_api_burst=1_000_000)


async def test_the_http_api_answers_as_its_document_says(api: ApiBench) -> None:
    document = (await api.ask("GET", "/api/openapi.json", by=None)).body
    token = tokens.token(tokens.claims(**{"sub": unique("user"), "cognito:groups": ["admin"]}))

    def ask(case: Any) -> requests.Response:
        return case.call(base_url=api.origin, headers={"Authorization": f"Bearer {token}"}, timeout=20)  # type: ignore[no-any-return]

    assert await asyncio.to_thread(fuzzed, document, ask) > EXAMPLES


async def test_the_connection_api_answers_as_its_document_says(bench: Bench, gateway: Running) -> None:
    user = unique("user")
    await bench.connect(gateway, user)
    known, base = await bench.connection_id(user), gateway.api_url.removesuffix("/prod")

    def ask(case: Any) -> requests.Response:
        case.path_parameters["stage"] = "prod"
        if isinstance(case.body, dict):
            case.body |= {"gatewayId": gateway.gateway_id, "epoch": gateway.epoch}
        if "connectionId" in case.path_parameters and hash(case.path_parameters["connectionId"]) % 2:
            case.path_parameters["connectionId"] = known
        prepared: Any = requests.Request(**case.as_transport_kwargs(base_url=base)).prepare()
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
        sent = {name: value for name, value in prepared.headers.items() if name.lower() != "host"}
        signed = sign(prepared.method, prepared.url, {}, body, key_id=KEY_ID, secret=SECRET, region=REGION)
        prepared.headers.update({**sent, **signed})
        with requests.Session() as session:
            return session.send(prepared, timeout=20)

    assert await asyncio.to_thread(fuzzed, connection_api_document.document(), ask) > EXAMPLES
