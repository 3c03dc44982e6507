"""Searches what a run has left behind for tokens: logs, records with their headers (the traces), metrics (spec 2).

The fixtures of the broker and of the cluster search theirs when all tests are done, so that nothing runs after it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer

from tests import tokens

_WHOLE = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")
_RUN = re.compile(rb"[A-Za-z0-9_-]{43,}")
"""As long as a SHA-256 in base64url, and longer than any id."""
_KNOWN_BY = 43


class TokensFound(AssertionError):
    """Where, and how each begins."""


def signatures() -> frozenset[bytes]:
    """How the signature parts begin of all tokens that were issued in this process."""
    return frozenset(text.rpartition(".")[2][:_KNOWN_BY].encode() for text in tokens.ISSUED)


def hits(data: bytes, known: frozenset[bytes] | None = None) -> list[str]:
    """What in `data` looks like a token, or begins as a known signature does; `known`: those of now."""
    known = signatures() if known is None else known
    found = [match.group() for match in _WHOLE.finditer(data)]
    found += [match.group() for match in _RUN.finditer(data) if match.group()[:_KNOWN_BY] in known]
    return [hit[:20].decode() for hit in found]


async def records(bootstrap: str) -> AsyncIterator[tuple[str, bytes]]:
    """Every record of every topic of ours on a broker: key, value and headers."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        topics = [topic for topic in await consumer.topics() if topic.startswith("chat.")]
    if not topics:
        return
    async with AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for part, messages in (await consumer.getmany(timeout_ms=200)).items():
                for message in messages:
                    headers = b" ".join(value for _, value in message.headers)
                    yield part.topic, b" ".join((message.key or b"", message.value or b"", headers))


async def of_cluster(cluster: Mapping[str, Any]) -> AsyncIterator[tuple[str, bytes]]:
    """All logs, metrics and records of a running cluster."""
    for name, data in _logs(Path(cluster["path"]).parent):
        yield name, data
    async with aiohttp.ClientSession() as http:
        for name, process in cluster["processes"].items():
            # The engines have none.
            if url := process["metricsUrl"]:
                async with http.get(url) as answer:
                    yield f"metrics of {name}", await answer.read()
    async for topic, data in records(cluster["kafkaBootstrap"]):
        yield topic, data


def _logs(folder: Path) -> Iterable[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*.log*")):
        yield str(path.relative_to(folder)), path.read_bytes()


async def none_in(sources: AsyncIterator[tuple[str, bytes]]) -> int:
    """The bytes that were searched; raises TokensFound."""
    found: list[tuple[str, str]] = []
    searched, known = 0, signatures()
    async for name, data in sources:
        searched += len(data)
        found += [(name, hit) for hit in hits(data, known)]
    if found:
        raise TokensFound(f"{len(found)} tokens: {found[:10]}")
    return searched


def search(sources: AsyncIterator[tuple[str, bytes]]) -> int:
    """`none_in` for where no loop runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, none_in(sources)).result()
