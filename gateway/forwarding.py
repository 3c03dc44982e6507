"""Calls of the connection API for another gateway's connections: passed on once, signed anew (spec 6).

410 only if the epoch has ended or its gateway says so. A gateway that does not answer is 429: the caller tries again,
and so does a POST whose answer was lost, which may then reach the client twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import aiohttp
import yarl
from aiokafka.errors import KafkaError

from chassis.logs import get_logger
from chassis.sigv4_sign import sign
from contracts.connection_api import FORWARDED_HEADER, GONE, LIMIT_EXCEEDED, MISDIRECTED, ApiError
from contracts.headers import TRACEPARENT
from gateway import metrics
from gateway.epochs import Epochs

_log = get_logger(__name__)
_ANSWER_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answered:
    """Another gateway's answer, as it came."""

    status: int
    error_type: str | None
    body: bytes = field(repr=False)


class Forwarding:
    """The other gateways, as `chat.gateways` shows them."""

    def __init__(
        self,
        *,
        gateway_id: str,
        epochs: Epochs,
        catch_up: Callable[[], Awaitable[None]],
        key_id: str,
        secret: str,
        region: str,
        timeout_s: float,
    ) -> None:
        self._gateway_id = gateway_id
        self._epochs = epochs
        self._catch_up = catch_up
        self._key = (key_id, secret)
        self._region = region
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def forward(
        self, method: str, epoch: str, connection_id: str, body: bytes, traceparent: bytes | None = None
    ) -> Answered | ApiError:
        """What the gateway of `epoch` answers."""
        address = await self._address(epoch)
        if isinstance(address, ApiError):
            return address
        try:
            answered = await self._send(method, address, connection_id, body, traceparent)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.warning("a gateway cannot be reached", address=address, error=type(error).__name__)
            metrics.API_FORWARDED.labels("unreachable").inc()
            return LIMIT_EXCEEDED
        metrics.API_FORWARDED.labels("answered").inc()
        if answered.status == MISDIRECTED.status:
            # Somebody else lives at that address now.
            return await self._ended_or_away(epoch)
        return answered if answered.status < 500 else LIMIT_EXCEEDED

    async def close(self) -> None:
        """Close the connections to other gateways."""
        if self._session is not None:
            await self._session.close()

    async def _address(self, epoch: str) -> str | ApiError:
        address = self._epochs.address(epoch)
        if address is not None:
            return address
        if not self._epochs.has_ended(epoch) and not await self._caught_up():
            return LIMIT_EXCEEDED
        return self._epochs.address(epoch) or GONE

    async def _ended_or_away(self, epoch: str) -> ApiError:
        if await self._caught_up() and self._epochs.address(epoch) is None:
            return GONE
        return LIMIT_EXCEEDED

    async def _caught_up(self) -> bool:
        try:
            await self._catch_up()
        except (TimeoutError, OSError, KafkaError):
            return False
        return True

    async def _send(
        self, method: str, address: str, connection_id: str, body: bytes, traceparent: bytes | None
    ) -> Answered:
        url = f"{address}/@connections/{quote(connection_id, safe='')}"
        key_id, secret = self._key
        headers = sign(
            method,
            url,
            {FORWARDED_HEADER: self._gateway_id},
            body,
            key_id=key_id,
            secret=secret,
            region=self._region,
        )
        if traceparent is not None:
            # Not signed: what stands between may go on with the trace by a step of its own.
            headers[TRACEPARENT] = traceparent.decode()
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar())
        request = self._session.request(
            method, yarl.URL(url, encoded=True), headers=headers, data=body or None, allow_redirects=False
        )
        async with request as response:
            async with asyncio.timeout(self._timeout.total):
                content = await response.content.read(_ANSWER_BYTES)
            return Answered(response.status, response.headers.get("x-amzn-ErrorType"), content)
