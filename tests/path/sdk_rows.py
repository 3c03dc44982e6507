"""What AWS's own clients ask of the connection API, and what they must make of the answers (spec 6)."""

from dataclasses import dataclass
from typing import Any, Literal

from tests.path.gateway_bench import KEY_ID, REGION, SECRET

SECOND = ("second-key", "second-secret")
READER = ("reader-key", "reader-secret")
Call = Literal["post_to_connection", "get_connection", "delete_connection"]
Which = Literal["live", "closed", "never", "another epoch"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One request, and what the client must make of the answer."""

    status: int
    error: str | None = None
    call: Call = "post_to_connection"
    connection: Which | str = "live"
    data: bytes = b"hello \xe3\x81\x82"
    key: tuple[str, str] = (KEY_ID, SECRET)
    session: str | None = None
    region: str = REGION
    stage: str = "prod"
    skew_s: int = 0
    unsigned: bool = False
    tamper: str | None = None


SIGNATURE = {"status": 403, "error": "InvalidSignatureException"}
FORBIDDEN = {"status": 403, "error": "ForbiddenException"}
GONE = {"status": 410, "error": "GoneException"}
BAD_REQUEST = {"status": 400, "error": "BadRequestException"}


def row(answer: dict[str, Any], **request: Any) -> Row:
    return Row(**answer, **request)


ROWS: dict[str, Row] = {
    "post": Row(status=200),
    "post nothing": Row(status=200, data=b""),
    "post as much as may be": Row(status=200, data=b"x" * 131_072),
    "post more than may be": Row(status=413, error="PayloadTooLargeException", data=b"x" * 131_073),
    "post bytes that are no text": row(BAD_REQUEST, data=b"\xff\xfe"),
    "get": Row(status=200, call="get_connection"),
    "delete": Row(status=204, call="delete_connection"),
    "post to a closed one": row(GONE, connection="closed"),
    "get a closed one": row(GONE, connection="closed", call="get_connection"),
    "delete a closed one": row(GONE, connection="closed", call="delete_connection"),
    "post to one that never was": row(GONE, connection="never"),
    "get one that never was": row(GONE, connection="never", call="get_connection"),
    "post to one of an epoch that never was": row(GONE, connection="another epoch"),
    "an id that is too short": row(BAD_REQUEST, connection="short"),
    "an id with a letter that is none": row(BAD_REQUEST, connection="L0SM9cOFvHcCIh!="),
    "an id without padding": row(BAD_REQUEST, connection="L0SM9cOFvHcCIhww"),
    "an id in other letters": row(BAD_REQUEST, connection="あ"),
    "another stage": row(FORBIDDEN, stage="dev"),
    "a key that may only read, posting": row(FORBIDDEN, key=READER),
    "a key that may only read, deleting": row(FORBIDDEN, key=READER, call="delete_connection"),
    "a key that may only read, reading": Row(status=200, key=READER, call="get_connection"),
    "the second key, while keys are rotated": Row(status=200, key=SECOND),
    "with a session token": Row(status=200, session="FwoGZXIvYXdzE+/=="),
    "unsigned": Row(status=403, error="MissingAuthenticationTokenException", unsigned=True),
    "an unknown key": Row(status=403, error="UnrecognizedClientException", key=("nobody", SECRET)),
    "another secret": row(SIGNATURE, key=(KEY_ID, "wrong")),
    "the secret of another key": row(SIGNATURE, key=(KEY_ID, SECOND[1])),
    "another region": row(SIGNATURE, region="eu-west-1"),
    "a clock 4 minutes slow": Row(status=200, skew_s=-240),
    "a clock 4 minutes fast": Row(status=200, skew_s=240),
    "a clock 6 minutes slow": row(SIGNATURE, skew_s=-360),
    "a clock 6 minutes fast": row(SIGNATURE, skew_s=360),
    "the body swapped on the way": row(SIGNATURE, tamper="body"),
    "the body cut short on the way": row(SIGNATURE, tamper="truncated"),
    "the path swapped on the way": row(SIGNATURE, tamper="path"),
    "a query added on the way": row(SIGNATURE, tamper="query"),
    "the method swapped on the way": row(SIGNATURE, tamper="method"),
}
TYPED = {"GoneException", "ForbiddenException", "LimitExceededException", "PayloadTooLargeException"}
"""Those that AWS's model of this API names: each client has a class for them."""
