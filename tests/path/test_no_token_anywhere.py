"""After all other tests: no token that the suite issued is in any log, record, trace or metric (spec 2).

It searches what the shared cluster and the shared broker hold, and what every gateway said that a test started.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer

from tests import tokens
from tests.path.gateway_bench import Bench, bench_on, unique
from tests.path.test_gateway_drain import OUTPUTS, Process
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = [pytest.mark.engine, pytest.mark.last]

_WHOLE = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")
_RUN = re.compile(rb"[A-Za-z0-9_-]{43,}")
"""As long as a SHA-256 in base64url, and longer than any id."""
_KNOWN_BY = 43


def signatures() -> set[bytes]:
    """The beginnings of the signature parts of all tokens that were issued."""
    return {text.rpartition(".")[2][:_KNOWN_BY].encode() for text in tokens.ISSUED}


def found_in(data: bytes, known: set[bytes]) -> list[str]:
    """What is in `data` that looks like a token, or begins as a signature of one does."""
    hits = [match.group() for match in _WHOLE.finditer(data)]
    hits += [match.group() for match in _RUN.finditer(data) if match.group()[:_KNOWN_BY] in known]
    return [hit[:20].decode() for hit in hits]


async def records(bootstrap: str) -> AsyncIterator[tuple[str, bytes]]:
    """Every record of every topic that a broker holds: keys, values and headers (the traces)."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        topics = [topic for topic in await consumer.topics() if topic.startswith("chat.")]
    async with AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        assert ends
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for part, messages in (await consumer.getmany(timeout_ms=200)).items():
                for message in messages:
                    headers = b" ".join(value for _, value in message.headers)
                    yield part.topic, b" ".join((message.key or b"", message.value or b"", headers))


async def metrics(cluster: Mapping[str, Any]) -> AsyncIterator[tuple[str, bytes]]:
    async with aiohttp.ClientSession() as http:
        for name, process in cluster["processes"].items():
            if "metricsUrl" in process:
                async with http.get(process["metricsUrl"]) as answer:
                    yield f"metrics of {name}", await answer.read()


def logs(folder: Path) -> Iterable[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.log*")):
        yield str(path.relative_to(folder)), path.read_bytes()


async def test_no_token_is_in_any_log_record_trace_or_metric_of_the_cluster(cluster: Mapping[str, Any]) -> None:
    known, hits, searched = signatures(), [], 0
    sources = list(logs(Path(cluster["path"]).parent))
    sources += [source async for source in metrics(cluster)]
    sources += [source async for source in records(cluster["kafkaBootstrap"])]
    for name, data in sources:
        searched += len(data)
        hits += [(name, hit) for hit in found_in(data, known)]
    assert searched > 10_000
    assert not hits


async def test_no_token_is_in_any_record_or_log_of_the_gateways_that_tests_started(engines: "RunningEngines") -> None:
    known = signatures()
    hits = [(topic, hit) async for topic, data in records(engines.kafka.bootstrap) for hit in found_in(data, known)]
    hits += [("a gateway's output", hit) for data in OUTPUTS for hit in found_in(data, known)]
    assert not hits


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    # A broker of its own: what leaks here must not be found by the tests above.
    kafka = engines.own.kafka()
    async with bench_on(kafka.bootstrap) as made:
        yield made
    kafka.stop()


class Leaky(Process):
    """A gateway that says all it can, with or without redaction."""

    module = "tests.path.leaky_gateway"


@pytest.mark.parametrize("redacting", [True, False])
async def test_the_search_finds_tokens_where_redaction_is_off_and_none_where_it_is_on(
    bench: Bench, redacting: bool
) -> None:
    user, known_before = unique("user"), len(OUTPUTS)
    token = tokens.token(tokens.claims(sub=user))
    signature = token.rpartition(".")[2]
    async with Leaky(bench, LEAKY="0" if redacting else "1") as process:
        await process.ready()
        client = await process.connect(bench, user)
        # What a confused client might send in places that are kept.
        await client.close(4000, f"token={signature[:60]}")
        await eventually(lambda: b"disconnected" in process.output)
        process.child.terminate()
        await process.child.wait()
    del OUTPUTS[known_before:]
    known = signatures()
    told = [data async for _, data in records(bench.bootstrap) if user.encode() in data]
    in_records = [hit for data in told for hit in found_in(data, known)]
    in_log = found_in(process.output, known)
    assert (bool(in_log), bool(in_records)) == ((False, False) if redacting else (True, True))
