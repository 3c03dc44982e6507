"""CPU of the gateway for one handshake, and for one that is refused for its token."""

from bench.gateway.alone import alone
from bench.machine import Watch
from bench.report import Section, noted

COUNT = 2_000


async def measure(count: int = COUNT) -> Section:
    """Milliseconds of CPU each, and as multiples of a refusal without a token."""
    rows: list[tuple[str, float]] = []
    async with alone() as gateway:
        await gateway.client(gateway.head(gateway.token("first")))
        tokens = [gateway.token(f"user-{number}") for number in range(count)]
        kinds = {
            "no token (401)": [gateway.head("")] * count,
            "a forged token (401)": [gateway.head(token[:-40] + token[:40].replace(".", "A")) for token in tokens],
            "a good token (101)": [gateway.head(token) for token in tokens],
        }
        for name, heads in kinds.items():
            with Watch(gateway.entry) as watch:
                for head in heads:
                    made = await gateway.client(head)
                    assert made.transport is not None
                    made.transport.abort()
            rows.append((name, 1000 * watch.cpu_s["gateway"] / count))
    floor = rows[0][1] or float("nan")
    cells = [(name, f"{ms:.2f}", f"{ms / floor:.1f}") for name, ms in rows]
    notes = [noted(watch.conditions), "With the end of the connection and, for a good token, both records in Kafka."]
    return Section(f"CPU of a handshake ({count:,} each)", ("", "ms of CPU", "times a refusal"), cells, notes)
