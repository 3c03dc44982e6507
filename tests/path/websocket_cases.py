"""RFC 6455 as data: what a client sends after its handshake, and what the gateway must do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tests.rawsocket import BINARY, CLOSE, CONT, PING, PONG, TEXT, closing, fragments, frame, ping_of

FRAME_BYTES, MESSAGE_BYTES = 32_768, 131_072
PROTOCOL_ERROR, UNSUPPORTED, INVALID_DATA, TOO_BIG = 1002, 1003, 1007, 1009


@dataclass(frozen=True)
class Case:
    """What is sent, in pieces that arrive one by one; and what comes back."""

    name: str
    sent: tuple[bytes, ...]
    code: int | None = None
    """The close frame that is the last thing to come; None: the connection stays open."""
    pongs: tuple[bytes, ...] = ()
    answers: tuple[str, ...] = ()
    """The ids of the PONG frames (text), in order."""


def closes(name: str, sent: bytes, code: int) -> Case:
    return Case(name, (sent,), code)


def stays(name: str, *sent: bytes, pongs: tuple[bytes, ...] = (), answers: tuple[str, ...] = ()) -> Case:
    return Case(name, sent, None, pongs, answers)


ASK = json.dumps({"action": "ping", "id": "日本語"}, ensure_ascii=False).encode()
AT = ASK.index("日".encode())


def texts_of_every_size() -> Iterator[Case]:
    """A whole message is taken whatever its length's encoding."""
    for size in (0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 4_096, 32_767, 32_768):
        yield stays(f"a text of {size} bytes", frame(TEXT, b"x" * size))
    for size in (125, 126, 127, 16_384, 32_766, 32_767, 32_768):
        yield stays(f"a request of {size} bytes", frame(TEXT, ping_of(size)), answers=("sized",))
    for size in (32_769, 65_535, 65_536, 131_072, 131_073, 2**31, 2**32, 2**63 - 1):
        width = 64 if size > 65_535 else None
        yield closes(f"a frame that declares {size} bytes", frame(TEXT, b"", declared=size, width=width), TOO_BIG)
    yield closes("a length with its highest bit set", frame(TEXT, b"", declared=2**64 - 1, width=64), TOO_BIG)
    for size in (65_535, 65_536, 131_071, 131_072):
        parts = [ping_of(size)[start : start + 30_000] for start in range(0, size, 30_000)]
        yield stays(f"a message of {size} bytes in fragments", fragments(TEXT, *parts), answers=("sized",))
    for size in (131_073, 160_000):
        parts = [b"x" * 30_000] * (size // 30_000) + [b"x" * (size % 30_000)]
        yield closes(f"a message of {size} bytes in fragments", fragments(TEXT, *parts), TOO_BIG)
    for width in (16, 64):
        yield stays(f"a short text with {width} bits of length", frame(TEXT, ASK, width=width), answers=("日本語",))


def reserved() -> Iterator[Case]:
    """Section 5.2: reserved bits and opcodes fail the connection."""
    for bits in (1, 2, 4, 7):
        for name, opcode in (("text", TEXT), ("continuation", CONT), ("ping", PING), ("close", CLOSE)):
            start = frame(TEXT, b"a", fin=False) if opcode == CONT else b""
            yield closes(f"reserved bits {bits:03b} on a {name}", start + frame(opcode, rsv=bits), PROTOCOL_ERROR)
    for opcode in (0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF):
        yield closes(f"the reserved opcode {opcode:#x}", frame(opcode, b"x"), PROTOCOL_ERROR)
        if opcode > 7:
            within = frame(TEXT, b"a", fin=False) + frame(opcode)
            yield closes(f"the reserved opcode {opcode:#x} within a message", within, PROTOCOL_ERROR)


def unmasked() -> Iterator[Case]:
    """Section 5.1: a server closes on a frame that is not masked."""
    for name, opcode in (("text", TEXT), ("binary", BINARY), ("ping", PING), ("pong", PONG), ("close", CLOSE)):
        yield closes(f"an unmasked {name}", frame(opcode, b"", masked=False), PROTOCOL_ERROR)
    yield closes("an unmasked text of 200 bytes", frame(TEXT, b"x" * 200, masked=False), PROTOCOL_ERROR)
    yield closes(
        "an unmasked continuation", frame(TEXT, b"a", fin=False) + frame(CONT, b"b", masked=False), PROTOCOL_ERROR
    )


def control() -> Iterator[Case]:
    """Section 5.5: control frames are short and whole, and may come in the middle of a message."""
    for size in (0, 1, 124, 125):
        yield stays(f"a ping of {size} bytes", frame(PING, b"p" * size), pongs=(b"p" * size,))
    yield stays("a ping of bytes that are no text", frame(PING, b"\xff\xfe\x00"), pongs=(b"\xff\xfe\x00",))
    for size in (126, 127, 1_000):
        yield closes(f"a ping of {size} bytes", frame(PING, b"p" * size), PROTOCOL_ERROR)
    yield closes("a ping of 65,536 bytes", frame(PING, b"p" * 65_536), TOO_BIG)
    yield closes("a pong of 126 bytes", frame(PONG, b"p" * 126), PROTOCOL_ERROR)
    yield closes("a close of 126 bytes", frame(CLOSE, b"\x03\xe8" + b"r" * 124), PROTOCOL_ERROR)
    for name, opcode in (("ping", PING), ("pong", PONG), ("close", CLOSE)):
        yield closes(f"a fragmented {name}", frame(opcode, b"", fin=False), PROTOCOL_ERROR)
    yield stays("a pong nobody asked for", frame(PONG, b"hello"))
    yield stays("an empty pong nobody asked for", frame(PONG))
    ten = tuple(b"%d" % number for number in range(10))
    yield stays("ten pings at once", b"".join(frame(PING, name) for name in ten), pongs=ten)
    yield stays(
        "a ping between fragments",
        frame(TEXT, ASK[:5], fin=False) + frame(PING, b"now") + frame(CONT, ASK[5:]),
        pongs=(b"now",),
        answers=("日本語",),
    )
    between = frame(PONG) + frame(PING, b"now")
    parts = (frame(TEXT if n == 0 else CONT, ASK[n : n + 1], fin=n == len(ASK) - 1) for n in range(len(ASK)))
    yield stays(
        "pings and pongs between all fragments",
        between.join(parts),
        pongs=(b"now",) * (len(ASK) - 1),
        answers=("日本語",),
    )
    # The message can never be whole then; the library under us calls that a fault.
    yield closes("a close between fragments", frame(TEXT, b"a", fin=False) + closing(1000), PROTOCOL_ERROR)


def fragmentation() -> Iterator[Case]:
    """Section 5.4."""
    yield closes("a continuation of nothing", frame(CONT, b"x"), PROTOCOL_ERROR)
    yield closes("an unfinished continuation of nothing", frame(CONT, b"x", fin=False), PROTOCOL_ERROR)
    yield closes("a continuation after a whole message", frame(TEXT, b"a") + frame(CONT, b"b"), PROTOCOL_ERROR)
    yield closes("a text within a text", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), PROTOCOL_ERROR)
    yield closes("a binary within a text", frame(TEXT, b"a", fin=False) + frame(BINARY, b"b"), PROTOCOL_ERROR)
    yield stays("two fragments", fragments(TEXT, ASK[:7], ASK[7:]), answers=("日本語",))
    yield stays("a fragment a byte", fragments(TEXT, *(ASK[n : n + 1] for n in range(len(ASK)))), answers=("日本語",))
    yield stays("empty fragments around", fragments(TEXT, b"", ASK, b""), answers=("日本語",))
    yield stays("nothing but empty fragments", fragments(TEXT, *[b""] * 50))
    yield stays("two messages in fragments", fragments(TEXT, ASK[:3], ASK[3:]) * 2, answers=("日本語",) * 2)


def arrival() -> Iterator[Case]:
    """TCP has no borders."""
    whole = frame(TEXT, ASK)
    yield stays("a frame a byte at a time", *(whole[n : n + 1] for n in range(len(whole))), answers=("日本語",))
    yield stays("a head cut in two", whole[:1], whole[1:], answers=("日本語",))
    yield stays("a mask cut in two", whole[:4], whole[4:], answers=("日本語",))
    longer = frame(TEXT, ping_of(300))
    yield stays("a length of 16 bits cut in two", longer[:3], longer[3:], answers=("sized",))
    yield stays("three frames in one piece", whole * 3, answers=("日本語",) * 3)
    yield Case("a good frame before a bad one is still taken", (whole + frame(0x3),), PROTOCOL_ERROR, (), ("日本語",))
    yield closes("what follows a bad frame is not looked at", frame(0x3) + whole, PROTOCOL_ERROR)


GOOD_UTF8 = {
    "two bytes": "é",
    "three bytes": "あ",
    "four bytes": "👋",
    "the last code point": "\U0010ffff",
    "a non-character": "\ufffe",
    "a zero": "\0",
}
BAD_UTF8 = {
    "a lone continuation": b"\x80",
    "a lone 0xff": b"\xff",
    "a lone 0xfe": b"\xfe",
    "a character cut off": b"\xe3\x81",
    "an overlong slash": b"\xc0\xaf",
    "an overlong zero": b"\xe0\x80\x80",
    "half a surrogate pair": b"\xed\xa0\x80",
    "beyond the last code point": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "text before and after": b"good \xff good",
}


def utf8() -> Iterator[Case]:
    """Section 8.1: text is UTF-8, judged over the whole message and never over one frame."""
    for name, text in GOOD_UTF8.items():
        data = text.encode()
        yield stays(f"text: {name}", frame(TEXT, data))
        if len(data) > 1:
            parts = (data[n : n + 1] for n in range(len(data)))
            yield stays(f"text: {name}, cut between fragments", fragments(TEXT, *parts))
    for name, data in BAD_UTF8.items():
        yield closes(f"no text: {name}", frame(TEXT, data), INVALID_DATA)
    for name in ("half a surrogate pair", "beyond the last code point", "an overlong slash"):
        data = BAD_UTF8[name]
        yield closes(f"no text: {name}, cut between fragments", fragments(TEXT, data[:1], data[1:]), INVALID_DATA)
    yield closes("a character whose end never comes", fragments(TEXT, b"ok \xe3", b"\x81"), INVALID_DATA)
    yield closes("a character cut by another message", frame(TEXT, b"\xe3\x81") + frame(TEXT, b"\x82"), INVALID_DATA)
    yield stays("a request cut inside a character", fragments(TEXT, ASK[: AT + 1], ASK[AT + 1 :]), answers=("日本語",))


def close_frames() -> Iterator[Case]:
    """Section 7.4: which codes may be said, and that a close is answered."""
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4403, 4999):
        yield closes(f"a close with {code}", closing(code), code)
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
        yield closes(f"a close with {code}, which nobody may say", closing(code), PROTOCOL_ERROR)
    yield closes("a close of one byte", frame(CLOSE, b"\x03"), PROTOCOL_ERROR)
    yield closes("a close with the longest reason", closing(1000, b"r" * 123), 1000)
    yield closes("a close with a reason in other letters", closing(1000, "さようなら".encode()), 1000)
    yield closes("a close whose reason is no text", closing(1000, b"\xff"), INVALID_DATA)
    yield closes("a close, and frames after it", closing(4000) + frame(TEXT, ASK) + frame(PING, b"x"), 4000)
    yield closes("two closes", closing(4000) + closing(4001), 4000)


def binary() -> Iterator[Case]:
    """Spec 7: no binary frame."""
    yield closes("an empty binary", frame(BINARY), UNSUPPORTED)
    yield closes("a binary", frame(BINARY, b"x" * 100), UNSUPPORTED)
    yield closes("a binary that is text", frame(BINARY, ASK), UNSUPPORTED)
    yield closes("a binary in fragments", fragments(BINARY, b"a", b"b"), UNSUPPORTED)


CASES = [
    case
    for group in (
        texts_of_every_size,
        reserved,
        unmasked,
        control,
        fragmentation,
        arrival,
        utf8,
        close_frames,
        binary,
    )
    for case in group()
]
