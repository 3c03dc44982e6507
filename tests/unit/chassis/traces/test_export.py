"""The collector may be there, away, full or deaf: a process notices nothing of it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY

from bench.collector import collecting
from chassis.settings import TracesSettings
from chassis.traces.export import Export
from chassis.traces.opening import close, opened
from chassis.traces.port import Traces
from tests.waiting import eventually

NOBODY = "http://127.0.0.1:9"


def made(endpoint: str | None, **settings: Any) -> Traces | None:
    values: dict[str, Any] = {"traces_endpoint": endpoint, "traces_ratio": 1.0, **settings}
    return opened(TracesSettings(**values), "test", "test-1")


def on(endpoint: str, **settings: Any) -> Traces:
    traces = made(endpoint, **settings)
    assert traces is not None
    return traces


def end_spans(traces: Traces, count: int) -> None:
    for _ in range(count):
        span = traces.begin("a", "internal", {"kaiwa.room.id": "lobby"})
        assert span is not None
        span.end()


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def dropped(cause: str) -> float:
    return counted("kaiwa_trace_spans_dropped_total", cause=cause)


def both() -> float:
    return dropped("queue") + dropped("collector")


async def test_without_an_endpoint_there_are_no_traces() -> None:
    assert made(None) is None
    await close(None)


def test_without_an_endpoint_no_process_imports_opentelemetrys_sdk() -> None:
    program = (
        "import sys, gateway.app, services.persistence.app, services.persistence.api.app, services.fanout.app\n"
        "sys.exit(any(name.startswith(('opentelemetry.sdk', 'opentelemetry.exporter')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_what_has_ended_reaches_the_collector_and_is_counted() -> None:
    async with collecting() as collector:
        traces, before = on(collector.endpoint), counted("kaiwa_trace_spans_exported_total")
        end_spans(traces, 3)
        await traces.close()
        assert [(span.process, span.name, span.attributes) for span in collector.spans] == [
            ("kaiwa-test", "a", {"kaiwa.room.id": "lobby"})
        ] * 3
        assert counted("kaiwa_trace_spans_exported_total") - before == 3


async def test_what_no_collector_takes_is_dropped_and_counted() -> None:
    traces, before = on(NOBODY), both()
    end_spans(traces, 3)
    async with asyncio.timeout(20):
        await traces.close()
    await eventually(lambda: both() - before == 3)


async def test_what_a_collector_refuses_is_dropped_and_the_next_may_arrive() -> None:
    async with collecting() as collector:
        traces, before = on(collector.endpoint), dropped("collector")
        collector.answer = 400
        end_spans(traces, 2)
        await eventually(lambda: dropped("collector") - before == 2)
        collector.answer = 200
        end_spans(traces, 1)
        await eventually(lambda: len(collector.spans) == 1)
        await traces.close()


@asynccontextmanager
async def deaf() -> AsyncIterator[str]:
    """Takes connections, and never answers."""
    released = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    released.set()
    server.close()
    await server.wait_closed()


async def test_a_full_queue_drops_what_is_more_and_nobody_waits() -> None:
    async with deaf() as endpoint:
        traces, before, lost = on(endpoint, traces_queue=10), dropped("queue"), both()
        end_spans(traces, 50)
        # Ten in the queue and, once the thread has taken them, ten in its hands.
        assert dropped("queue") - before >= 30
        await traces.close()
    await eventually(lambda: both() - lost == 50)


async def test_the_end_does_not_wait_for_a_collector_that_never_answers() -> None:
    async with deaf() as endpoint:
        traces = on(endpoint)
        end_spans(traces, 3)
        before, lost = dropped("collector"), both()
        export = traces._export  # type: ignore[attr-defined]
        assert isinstance(export, Export)
        async with asyncio.timeout(20):
            await export.close(limit_s=0.05)
            assert dropped("collector") == before, "the last request is still under way"
            # And again: whoever closes twice waits for nothing.
            await export.close()
        before = dropped("queue")
        end_spans(traces, 2)
        assert dropped("queue") - before == 2, "what ends after the end is dropped"
    await eventually(lambda: both() - lost == 5)


@pytest.mark.parametrize("wrong", ["collector:4318", "http://", "http://c:4318/?x=1"])
def test_an_endpoint_that_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="address such as"):
        TracesSettings(traces_endpoint=wrong)
