"""What the load generator sends, made in advance: so that it costs the generator nothing. Pure but for `keep`."""

import base64
import struct
from collections.abc import Iterable
from pathlib import Path

PAYLOAD_BYTES = 200
TEXT, BINARY = 1, 2


def payload(run: int, number: int) -> str:
    """The 200 bytes of publication `number` of a run; the generator knows it again by its mark."""
    return f"@kb:{run:04d}:{number:08d}@".ljust(PAYLOAD_BYTES, "x")


def frame(content: str, opcode: int = TEXT) -> bytes:
    """A client's frame (RFC 6455, section 5), masked with zeros: masking costs a server the same for every mask."""
    body = content.encode()
    size = len(body)
    if size < 126:
        return struct.pack("!BBI", 0x80 | opcode, 0x80 | size, 0) + body
    return struct.pack("!BBHI", 0x80 | opcode, 0x80 | 126, size, 0) + body


def handshake(path: str, number: int) -> bytes:
    """The request of connection `number`. Each has a key of its own: serverless-offline tells connections by it."""
    key = base64.b64encode(b"kaiwa-%010d" % number).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def post(target: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """A whole HTTP request on a connection that is kept."""
    lines = [
        f"POST {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def blobs(contents: Iterable[bytes]) -> bytes:
    """Each with its length before it: what the generator reads from a file."""
    return b"".join(part for content in contents for part in (struct.pack("<I", len(content)), content))


def keep(path: Path, contents: Iterable[bytes]) -> Path:
    """Write a file of blobs."""
    path.write_bytes(blobs(contents))
    return path
