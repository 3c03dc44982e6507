"""How a client of each system speaks: its handshake, and a publication to everybody. Pure."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.load.generator import Talk
from bench.load.prepared import BINARY, PAYLOAD_BYTES, frame, handshake, payload, post

TOKEN_SECRET, API_KEY = "bench-token-secret", "bench-key"
_LASTS_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of client."""

    path: str
    talk: Talk
    publication: Callable[[int, int], bytes]
    """Of a run and a number: the bytes of a frame, or of an HTTP request where `http_pipes`."""
    http_pipes: int = 0
    """Through how many HTTP connections it publishes when many are outstanding; 0: through a WebSocket."""

    def handshakes(self, count: int) -> list[bytes]:
        return [handshake(self.path, number) for number in range(count)]


def plain(path: str = "/", ready: bytes = b"") -> Dialect:
    """What is sent is what everybody gets."""
    return Dialect(path, Talk(ready=ready), lambda run, number: frame(payload(run, number)))


def nats() -> Dialect:
    """NATS's own protocol in binary frames."""
    hello = 'CONNECT {"verbose":false,"pedantic":false,"echo":true}\r\nSUB bench 1\r\nPING\r\n'
    answers = ((b"PING\r\n", frame("PONG\r\n", BINARY)),)
    return Dialect(
        "/",
        Talk(frame(hello, BINARY), b"PONG", answers),
        lambda run, number: frame(f"PUB bench {PAYLOAD_BYTES}\r\n{payload(run, number)}\r\n", BINARY),
    )


def centrifuge() -> Dialect:
    """Centrifuge's JSON protocol, published by a subscriber."""

    def publication(run: int, number: int) -> bytes:
        data = {"channel": "bench", "data": {"text": payload(run, number)}}
        return frame(_json({"id": 3 + number, "publish": data}))

    return Dialect("/connection/websocket", _centrifuge_talk(), publication)


def centrifuge_over_http() -> Dialect:
    """The same, published with an HTTP request each, as Kaiwa's fan-out does."""

    def publication(run: int, number: int) -> bytes:
        body = _json({"channel": "bench", "data": {"text": payload(run, number)}}).encode()
        headers = (("Host", "127.0.0.1"), ("X-API-Key", API_KEY), ("Content-Type", "application/json"))
        return post("/publish", headers, body)

    return Dialect("/connection/websocket", _centrifuge_talk(), publication, http_pipes=16)


def socketio() -> Dialect:
    """Engine.IO 4 and Socket.IO 5: open, connect, then events; its ping is a text of its own."""
    answers = ((b"0{", frame("40")), (b"2", frame("3")))
    return Dialect(
        "/socket.io/?EIO=4&transport=websocket",
        Talk(ready=b"40{", answers=answers),
        lambda run, number: frame("42" + _json(["send", payload(run, number)])),
    )


def serverless() -> Dialect:
    """The source design's frames."""

    def publication(run: int, number: int) -> bytes:
        return frame(_json({"action": "sendMessage", "content": payload(run, number)}))

    return Dialect("/", Talk(frame(_json({"action": "join"})), b"ready"), publication)


def _centrifuge_talk() -> Talk:
    connect = {"id": 1, "connect": {"token": _token("bench")}}
    subscribe = {"id": 2, "subscribe": {"channel": "bench"}}
    return Talk(frame(f"{_json(connect)}\n{_json(subscribe)}"), b'"id":2', ((b"{}", frame("{}")),))


def _token(user: str) -> str:
    claims = {"sub": user, "exp": int(time.time()) + _LASTS_S}
    signed = ".".join(_base64(_json(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return f"{signed}.{_base64(hmac.digest(TOKEN_SECRET.encode(), signed.encode(), hashlib.sha256))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
