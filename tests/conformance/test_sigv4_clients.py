"""Real clients on a real wire: what boto3 and aiohttp send, after uvicorn has parsed it, is what they signed."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from yarl import URL

from chassis.http_server import bind, port_of, serving
from chassis.sigv4_sign import sign
from gateway.sigv4 import Key, SignedRequest, verify
from gateway.sigv4_errors import SignatureError

KEY = Key("AKIDEXAMPLE", "secret")
CONNECTION = "L0SM9cOFvHcCIhw="
REGION = "us-east-1"


@dataclass
class Server:
    """Answers 200 to what is signed, and remembers the paths as they came."""

    address: str = ""
    paths: list[bytes] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        request = SignedRequest(
            scope["method"], scope["raw_path"], scope["query_string"], scope["headers"], body + message["body"]
        )
        self.paths.append(request.raw_path)
        status, kind = self._judged(request)
        await send({"type": "http.response.start", "status": status, "headers": [(b"x-amzn-errortype", kind)]})
        await send({"type": "http.response.body", "body": b"{}"})

    def _judged(self, request: SignedRequest) -> tuple[int, bytes]:
        try:
            verify(request, {KEY.key_id: KEY}, REGION, time.time())
        except SignatureError as error:
            self.refusals.append(str(error))
            return error.answer.status, error.code.encode()
        return 200, b""


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    sock = bind("127.0.0.1", 0, setting="test")
    answering = Server(f"http://127.0.0.1:{port_of(sock)}/prod")
    async with serving(answering, sock):
        yield answering


def client(address: str, *, key_id: str = KEY.key_id, secret: str = KEY.secret, session: str | None = None) -> Any:
    """boto3 as it comes, but for a retry that would only make a failure slower."""
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_session_token=session,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


async def test_an_unmodified_boto3_client_is_let_in(server: Server) -> None:
    def everything(session: str | None) -> None:
        gateway = client(server.address, session=session)
        gateway.post_to_connection(ConnectionId=CONNECTION, Data=b"hello \xe3\x81\x82")
        gateway.get_connection(ConnectionId=CONNECTION)
        gateway.delete_connection(ConnectionId=CONNECTION)

    await asyncio.to_thread(everything, None)
    await asyncio.to_thread(everything, "session")
    assert server.refusals == []
    assert set(server.paths) == {b"/prod/@connections/L0SM9cOFvHcCIhw%3D"}


REFUSALS = {
    "UnrecognizedClientException": {"key_id": "NOBODY"},
    "InvalidSignatureException": {"secret": "wrong"},
}


@pytest.mark.parametrize(("code", "credentials"), REFUSALS.items())
async def test_boto3_reads_why_it_is_refused(server: Server, code: str, credentials: dict[str, str]) -> None:
    with pytest.raises(ClientError) as refusal:
        await asyncio.to_thread(
            client(server.address, **credentials).post_to_connection, ConnectionId=CONNECTION, Data=b"x"
        )
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


async def post(url: str, body: bytes, *, encoded: bool) -> int:
    headers = sign("POST", url, {}, body, key_id=KEY.key_id, secret=KEY.secret, region=REGION)
    async with (
        aiohttp.ClientSession() as session,
        session.post(URL(url, encoded=encoded), data=body, headers=headers) as answer,
    ):
        return answer.status


@pytest.mark.parametrize("path", ["/@pushes", "/@connections/L0SM9cOFvHcCIhw%3D"])
async def test_what_we_sign_and_send_with_aiohttp_is_accepted(server: Server, path: str) -> None:
    assert await post(server.address + path, b"\x00\xff" * 1000, encoded=True) == 200


async def test_an_address_that_aiohttp_may_rewrite_is_refused(server: Server) -> None:
    assert await post(f"{server.address}/@connections/L0SM9cOFvHcCIhw%3D", b"x", encoded=False) == 403
    assert server.paths == [b"/prod/@connections/L0SM9cOFvHcCIhw="]
