"""No token that the suite issued is in any log, record, trace or metric (spec 2).

What the shared broker and cluster hold is searched when all tests are done, by the fixtures that end them (see
tests/conftest.py), and what a gateway's process said, when it ends. Here the search itself is proven: it finds tokens
where redaction is off.
"""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests import leaks, tokens
from tests.path.gateway_bench import Bench, bench_on, unique
from tests.path.test_gateway_drain import Process
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    # A broker of its own: what leaks here must not be found where nothing may.
    kafka = engines.own.kafka()
    async with bench_on(kafka.bootstrap) as made:
        yield made
    kafka.stop()


class Leaky(Process):
    """A gateway that says all it can, with or without redaction."""

    module = "tests.path.leaky_gateway"
    may_leak = True


@pytest.mark.parametrize("redacting", [True, False])
async def test_the_search_finds_tokens_where_redaction_is_off_and_none_where_it_is_on(
    bench: Bench, redacting: bool
) -> None:
    user = unique("user")
    signature = tokens.token(tokens.claims(sub=user)).rpartition(".")[2]
    async with Leaky(bench, LEAKY="0" if redacting else "1") as process:
        await process.ready()
        client = await process.connect(bench, user)
        # What a confused client might send to a place that is kept.
        await client.close(4000, f"token={signature[:60]}")
        await eventually(lambda: b"disconnected" in process.output)
        process.child.terminate()
        await process.child.wait()
    told = [data async for _, data in leaks.records(bench.bootstrap) if user.encode() in data]
    in_records, in_log = [hit for data in told for hit in leaks.hits(data)], leaks.hits(process.output)
    assert told
    assert (bool(in_log), bool(in_records)) == ((False, False) if redacting else (True, True))


@pytest.mark.cluster
async def test_a_running_cluster_is_searched_whole(cluster: Mapping[str, Any]) -> None:
    seen = {name async for name, _ in leaks.of_cluster(cluster)}
    assert {"chat.controls", "chat.gateways", "metrics of gateway-1", "metrics of persistence"} <= seen
    assert any(name.endswith("gateway-1.log") for name in seen)
    assert await leaks.none_in(leaks.of_cluster(cluster)) > 10_000
