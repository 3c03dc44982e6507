"""One bulk request over HTTP: raw body, kept-alive connections, signed (spec 6)."""

from http import HTTPStatus
from typing import Protocol

import aiohttp
import msgspec
from yarl import URL

from chassis.sigv4_sign import sign
from contracts.connection_api import BULK_CONTENT_TYPE, BULK_PATH_SUFFIX, PushAnswer, decode_push_answer
from contracts.headers import TRACEPARENT

_KEEP_ALIVE_S = 60.0
_CONNECT_S = 2.0


class NoAnswer(Exception):
    """Unknown whether it was pushed: send it again with the same number."""

    code = "GATEWAY_AWAY"
    retryable = True


class EpochOver(Exception):
    """Another epoch answers there."""

    code = "EPOCH_OVER"
    retryable = False


class PushRefused(Exception):
    """The gateway will never take this request."""

    code = "PUSH_REFUSED"
    retryable = False


class PushPort(Protocol):
    """How a request reaches a gateway. A request with a number that was answered before is not pushed again."""

    async def push(self, address: str, body: bytes, traceparent: bytes | None = None) -> PushAnswer:
        """The gateway's answer to a PushRequest; raises NoAnswer, EpochOver or PushRefused.

        `traceparent` goes with it, for the gateway's spans.
        """


class PushClient:
    """`async with PushClient(...) as client`."""

    def __init__(self, *, key_id: str, secret: str, region: str, timeout_s: float) -> None:
        self._key_id = key_id
        self._secret = secret
        self._region = region
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=_CONNECT_S)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "PushClient":
        # One request is under way to each gateway, so their number is the limit.
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S)
        self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self

    async def __aexit__(self, *_error: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def push(self, address: str, body: bytes, traceparent: bytes | None = None) -> PushAnswer:
        """See PushPort."""
        if self._session is None:
            raise NoAnswer("the client is closed")
        url = f"{address.rstrip('/')}/{BULK_PATH_SUFFIX}"
        headers = self._signed(url, body)
        if traceparent is not None:
            # Not signed: what stands between may go on with the trace by a step of its own.
            headers[TRACEPARENT] = traceparent.decode()
        try:
            async with self._session.post(
                URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                return _answer(response.status, await response.read())
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            # ValueError: its lease names what is no address. The gateway's next lease may name another.
            raise NoAnswer(f"{type(error).__name__}: {error}") from None

    def _signed(self, url: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": BULK_CONTENT_TYPE}
        return sign("POST", url, headers, body, key_id=self._key_id, secret=self._secret, region=self._region)


def _answer(status: int, body: bytes) -> PushAnswer:
    if status == HTTPStatus.OK:
        try:
            return decode_push_answer(body)
        except msgspec.MsgspecError as error:
            raise NoAnswer(f"the answer cannot be read: {error}") from None
    if status == HTTPStatus.MISDIRECTED_REQUEST:
        raise EpochOver
    if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
        raise PushRefused(f"{status}: {body[:200]!r}")
    raise NoAnswer(f"status {status}")
