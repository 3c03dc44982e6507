"""Memory of the gateway for connections that say nothing."""

import asyncio

from bench.gateway.alone import Client, alone
from bench.machine import resident_bytes
from bench.report import Section

COUNTS = (2_000, 10_000)
_SETTLE_S = 3.0


async def measure(counts: tuple[int, ...] = COUNTS) -> Section:
    """Resident memory with so many connections, and what each adds to the empty process."""
    rows: list[tuple[str, float, str]] = []
    patient = {"KAIWA_PONG_TIMEOUT_S": "300", "KAIWA_IDLE_S": "3600"}
    async with alone(KAIWA_CONNECTIONS=str(max(counts) + 10), **patient) as gateway:
        # Once around first: what the first connections load stays loaded.
        for client in await gateway.clients(50):
            assert client.transport is not None
            client.transport.abort()
        await asyncio.sleep(_SETTLE_S)
        empty = resident_bytes(gateway.process.pid)
        rows.append(("0", empty / 2**20, ""))
        held: list[Client] = []
        for count in counts:
            held += await gateway.clients(count - len(held))
            assert all(client.opened.result() == 101 for client in held)
            await asyncio.sleep(_SETTLE_S)
            used = resident_bytes(gateway.process.pid)
            rows.append((f"{count:,}", used / 2**20, f"{(used - empty) / 1024 / count:.1f}"))
        assert not [client for client in held if client.code]
    return Section("Memory of idle connections", ("connections", "MiB", "KiB a connection"), rows)
