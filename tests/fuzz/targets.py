"""What is fuzzed: each target takes any bytes, and raises where a rule is broken. No clock, no network, no broker.

    frames    bytes of a client after its handshake → gateway.protocol (and the `websockets` library under it)
    tokens    a token → chassis.auth.verifier
    sigv4     a request → gateway.sigv4 and gateway.connection_paths
    bulk      a body → gateway.bulk

An input's first byte chooses how the rest is read: as it is, or as the parts of something well-formed, so that what
stands behind a signature is reached too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from uvicorn.server import ServerState

from chassis.auth.claims import Identity, verify_claims
from chassis.auth.errors import TokenError
from chassis.auth.issuer import IssuerConfig
from chassis.auth.jwk import keys_of
from chassis.auth.token import parse
from chassis.auth.verifier import Verifier
from contracts.connection_api import ApiError, decode_push_answer
from contracts.ids import is_id
from gateway import protocol
from gateway.bulk import BulkPush
from gateway.connection_paths import target as path_target
from gateway.sigv4 import Key, SignedRequest, verify
from gateway.sigv4_errors import SignatureError
from tests import tokens
from tests.doubles.gateway import EPOCH, Inside, payloads

FRAME_BYTES, MESSAGE_BYTES = 32_768, 131_072
NOW: Final = 1_700_000_000.0


class _Transport:
    """Takes all that is written."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.closing = self.reading = False

    def write(self, data: bytes) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.closing = True

    def close(self) -> None:
        self.closing = True

    abort = close

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class _Loop:
    """Does at once what is to be done soon, and later never."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[..., None], *args: Any) -> None:
        self.soon.append(lambda: call(*args))

    def call_later(self, _seconds: float, _call: Callable[..., None], *_args: Any) -> _Loop:
        return self

    def cancel(self) -> None:
        """A timer's."""

    def run(self) -> None:
        while self.soon:
            self.soon.pop(0)()


class _Listener:
    def __init__(self) -> None:
        self.ends: list[int] = []

    def received(self, text: str) -> None:
        assert not self.ends, "a message after the end"
        assert len(text.encode()) <= MESSAGE_BYTES

    def heard(self) -> None:
        assert not self.ends

    def ended(self, code: int, reason: str) -> None:
        self.ends.append(code)
        assert len(self.ends) == 1, "told twice"
        reason.encode()


_CONFIG = uvicorn.Config("none", interface="asgi3", ws_max_size=(MESSAGE_BYTES, FRAME_BYTES), log_config=None)  # type: ignore[arg-type]
_CONFIG.ws_per_message_deflate = False
_CONFIG.loaded, _CONFIG.loaded_app = True, None
_PROTOCOL = protocol.configured(5.0)


def frames(data: bytes) -> None:
    """Whatever a client sends: no exception, one end, whole frames out, and nothing after a close frame."""
    loop, transport, listener = _Loop(), _Transport(), _Listener()
    made: Any = _PROTOCOL(config=_CONFIG, server_state=ServerState(), app_state={}, _loop=loop)  # type: ignore[arg-type]
    made.transport, made.handshake_complete = transport, True
    made.request = made.response = made.scope = None
    assert made.open(listener)
    size, rest = (data[0] + 1, data[1:]) if data else (1, b"")
    for start in range(0, len(rest), size):
        if transport.closing:
            break
        made.data_received(rest[start : start + size])
        loop.run()
        assert len(made._backlog) <= MESSAGE_BYTES
    opcodes = _server_opcodes(bytes(transport.written))
    assert set(opcodes) <= {0x8, 0xA}
    assert 0x8 not in opcodes[:-1]
    assert bool(listener.ends) == (0x8 in opcodes), "who was sent a close frame has ended"


def _server_opcodes(data: bytes) -> list[int]:
    found = []
    while data:
        assert data[0] & 0xF0 == 0x80
        assert data[1] <= 125
        assert len(data) >= 2 + data[1]
        found.append(data[0] & 0x0F)
        data = data[2 + data[1] :]
    return found


_ISSUER = IssuerConfig(issuer=tokens.ISSUER, client_ids=(tokens.CLIENT_ID,))
HEADER: Final = {"alg": "RS256", "kid": tokens.KID}


class _Blind(Verifier):
    """Takes every signature for good: making one costs a millisecond, and the claims behind it are to be reached."""

    async def verify(self, token: str) -> Identity:
        parsed = parse(token)
        await self._keys.key(parsed.kid)
        return verify_claims(parsed.claims, _ISSUER, NOW)


def _warm(made: Verifier) -> Verifier:
    made._keys._keys = keys_of(tokens.jwks())
    made._keys._missed_until = float("inf")
    return made


_VERIFIER = _warm(Verifier(_ISSUER, clock=lambda: NOW))
_BLIND = _warm(_Blind(_ISSUER))


def tokens_(data: bytes) -> None:
    """Whatever token comes: it is refused with a reason, or all rules hold for it."""
    mode, rest = (data[0] % 2, data[1:]) if data else (0, b"")
    if mode == 0:
        text = rest.decode("utf-8", "surrogateescape")
    else:
        header, _, claims = rest.partition(b"\0")
        text = f"{tokens.part(header or HEADER)}.{tokens.part(claims)}.{tokens.part(b'signed')}"
    try:
        (_VERIFIER if mode == 0 else _BLIND).verify(text).send(None)
    except TokenError:
        return
    except StopIteration as done:
        identity = done.value
        said = json.loads(rest.partition(b"\0")[2])
        assert mode == 1, "nobody signed this"
        assert is_id(identity.user_id)
        assert identity.user_id == said["sub"]
        assert (said["iss"], said["aud"], said["token_use"]) == (tokens.ISSUER, tokens.CLIENT_ID, "id")
        assert said["exp"] > NOW
        assert identity.name.encode()


_KEY = Key("AKIDEXAMPLE", "a-secret")
_SAFE = bytes(set(range(0x21, 0x7F)) - set(b'#?\\^`{|}<>"'))


def sigv4(data: bytes) -> None:
    """Whatever request comes: it is refused, unless it is what was signed; and what botocore signs is accepted."""
    mode, rest = (data[0] % 2, data[1:]) if data else (0, b"")
    path, query, name, value, body = (rest.split(b"\0", 4) + [b""] * 5)[:5]
    path_target("POST", path)
    if mode == 0:
        headers = [
            (b"host", b"h"),
            (b"x-amz-date", b"20231114T221320Z"),
            (name.lower(), value),
            (b"authorization", body),
        ]
        try:
            verify(SignedRequest("POST", path, query, headers, body), {_KEY.key_id: _KEY}, "us-east-1", NOW)
        except SignatureError:
            return
        raise AssertionError("nobody signed this")
    _round_trip(_kept(path), _kept(query).replace(b"%", b""), _kept(value), body)


def _kept(data: bytes) -> bytes:
    return bytes(byte for byte in data if byte in _SAFE)


def _round_trip(path: bytes, query: bytes, value: bytes, body: bytes) -> None:
    target = "/" + path.decode() + (f"?{query.decode()}" if query else "")
    request = AWSRequest(method="POST", url=f"http://h{target}", headers={"X-Amz-Meta": value.decode()}, data=body)
    SigV4Auth(Credentials(_KEY.key_id, _KEY.secret), "execute-api", "us-east-1").add_auth(request)
    sent = [(key.lower().encode(), text.encode()) for key, text in request.headers.items()]
    raw_path, _, raw_query = target.encode().partition(b"?")
    signed = SignedRequest("POST", raw_path, raw_query, [(b"host", b"h"), *sent], body)
    now = _seconds(request.context["timestamp"])
    keys = {_KEY.key_id: _KEY}
    assert verify(signed, keys, "us-east-1", now) is _KEY
    try:
        verify(SignedRequest("POST", raw_path, raw_query, signed.headers, body + b"!"), keys, "us-east-1", now)
    except SignatureError:
        return
    raise AssertionError("another body was accepted")


def _seconds(stamp: str) -> float:
    from calendar import timegm
    from time import strptime

    return timegm(strptime(stamp, "%Y%m%dT%H%M%SZ"))


_LOOP = asyncio.new_event_loop()


def bulk(data: bytes) -> None:
    """Whatever body comes: it is refused or answered, and no outbox grows beyond its limit."""
    inside = Inside(limit_bytes=OUTBOX_BYTES)
    ids = {name: inside.connection(name) for name in ("alice", "bob")}
    for name, connection in ids.items():
        inside.registry.remove(connection)
        connection.ref = _renamed(connection.ref, KNOWN[name])
        inside.registry.add(connection)
    push = BulkPush(
        gateway_id="gateway-1",
        epoch=lambda: EPOCH,
        registry=inside.registry,
        endings=inside.endings,
        deliverer=inside.deliverer,
    )
    answered = _LOOP.run_until_complete(_both(push, data))
    if not isinstance(answered, ApiError):
        decode_push_answer(answered)
    inside.end_turn()
    for connection in ids.values():
        assert connection.outbox.waiting <= OUTBOX_BYTES
        if connection.socket is not None:
            for payload in payloads(b"".join(connection.socket.writes)):  # type: ignore[attr-defined]
                payload.decode()


OUTBOX_BYTES: Final = 512
KNOWN: Final = {"alice": "CgsMDQAAAAAAAAE=", "bob": "CgsMDQAAAAAAAAI="}


def _renamed(ref: Any, connection_id: str) -> Any:
    import msgspec

    return msgspec.structs.replace(ref, connection_id=connection_id)


async def _both(push: BulkPush, data: bytes) -> bytes | ApiError:
    """Sent twice, as when an answer was lost: answered alike."""
    first = await push.handle(data)
    assert await push.handle(data) == first
    return first


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {"frames": frames, "tokens": tokens_, "sigv4": sigv4, "bulk": bulk}
