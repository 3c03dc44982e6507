"""From SIGTERM to the end of the process, with its connections closed (1012) and all of it in the log."""

import asyncio
import signal
import time
from collections import Counter

from bench.gateway.alone import alone
from bench.report import Section

COUNT = 5_000


async def measure(count: int = COUNT) -> Section:
    """With the time the default gives, with 5 s, and with a second SIGTERM at once."""
    rows = []
    for name, settings, hurried in (
        ("30 s to drain in, the default", {}, False),
        ("5 s to drain in", {"KAIWA_DRAIN_S": "5"}, False),
        ("a second SIGTERM a second later", {}, True),
    ):
        seconds, codes = await _drained(count, settings, hurried=hurried)
        rows.append((name, f"{seconds:.1f}", ", ".join(f"{code}: {many:,}" for code, many in sorted(codes.items()))))
    return Section(f"Draining {count:,} connections", ("", "seconds", "close codes"), rows)


async def _drained(count: int, settings: dict[str, str], *, hurried: bool) -> tuple[float, Counter[int]]:
    async with alone(**settings) as gateway:
        clients = await gateway.clients(count)
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        if hurried:
            await asyncio.sleep(1.0)
            gateway.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(90):
            assert await gateway.process.wait() == 0, bytes(gateway.output[-2000:])
        seconds = time.monotonic() - began
        await asyncio.sleep(1.0)
        return seconds, Counter(client.code for client in clients)
