"""What most tests of a leg stand on: gateways on the real broker. Other legs have a `bench` of their own."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio

from tests.path.gateway_bench import Bench, bench_on

if TYPE_CHECKING:
    from tests.conftest import RunningEngines


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    """Gateways of one file, with an issuer of its own; nothing runs yet."""
    async with bench_on(engines.kafka.bootstrap) as made:
        yield made
