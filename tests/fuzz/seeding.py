"""`python -m tests.fuzz.seeding`: writes the first inputs of each corpus, from the tables of the other tests."""

from __future__ import annotations

import hashlib
import json

from contracts.connection_api import Push, PushRequest, encode_bulk
from tests.doubles.gateway import EPOCH
from tests.fuzz.__main__ import CORPUS
from tests.fuzz.targets import KNOWN, NOW
from tests.path.websocket_cases import CASES as FRAMES
from tests.token_cases import HEADER, good
from tests.tokens import part

SMALL = 1_024


def inputs() -> dict[str, list[bytes]]:
    """Target → seeds."""
    frames = [
        bytes([size]) + b"".join(case.sent) for case in FRAMES for size in (0xFF,) if len(b"".join(case.sent)) < SMALL
    ]
    texts = [f"{part(HEADER)}.{part(good(NOW))}.{part(bytes(256))}".encode()]
    claims = json.dumps(good(NOW)).encode()
    names = ("iss", "aud", "sub", "exp", "nbf", "iat", "token_use", "scope", "jti", "name", "cognito:groups")
    values: list[object] = [None, 1, [], "x"]
    each = [json.dumps(good(NOW, **{name: value})).encode() for name in names for value in values]
    paths = [b"prod/@connections/L0SM9cOFvHcCIhw%3D", b"prod//%40connections/../x", b"prod/@pushes", b""]
    pushes = [
        PushRequest(
            gateway_id="gateway-1",
            epoch=EPOCH,
            worker_id="w",
            number=number,
            close=tuple(KNOWN.values())[:number],
            pushes=(
                *[Push(b'{"type":"MESSAGE"}' * 10, tuple(KNOWN.values()))] * 4,
                Push(b"\xff" if number == 3 else "あ".encode(), (KNOWN["alice"],)),
            ),
        )
        for number in range(4)
    ]
    authorization = (
        b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/us-east-1/execute-api/aws4_request, "
        b"SignedHeaders=host;x-amz-date, Signature=" + b"0" * 64
    )
    return {
        "frames": frames,
        "tokens": [b"\0" + text for text in texts] + [b"\1\0" + body for body in (claims, *each)],
        "sigv4": [b"\1" + path + b"\0a=1&b\0x-amz-meta\0  v  v\0body" for path in paths]
        + [b"\0" + path + b"\0\0x-amz-meta\0v\0" + authorization for path in paths],
        "bulk": [encode_bulk(request) for request in pushes],
    }


def main() -> None:
    """Write what is not there yet."""
    for name, seeds in inputs().items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


if __name__ == "__main__":
    main()
