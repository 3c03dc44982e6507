"""How a handshake is refused (spec 2): a literal table, as API Gateway words it. Nobody learns why a token was bad."""

from dataclasses import dataclass
from typing import Final

from msgspec import json

from contracts.connection_api import ERROR_TYPE_HEADER, ErrorBody
from gateway.metrics import Limit


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One answer in place of the 101."""

    status: int
    type: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()
    limit: Limit | None = None
    """Which limit was met."""

    @property
    def body(self) -> bytes:
        """`{"message": …}`."""
        return json.encode(ErrorBody(self.message))

    @property
    def all_headers(self) -> dict[str, str]:
        """With the body's type."""
        return {"content-type": "application/json", ERROR_TYPE_HEADER: self.type, **dict(self.headers)}


UNAUTHORIZED: Final = Refusal(status=401, type="UnauthorizedException", message="Unauthorized")
WRONG_PATH: Final = Refusal(status=403, type="ForbiddenException", message="Forbidden")
WRONG_ORIGIN: Final = Refusal(status=403, type="ForbiddenException", message="Origin not allowed")
UPGRADE_REQUIRED: Final = Refusal(
    status=426,
    type="UpgradeRequiredException",
    message="This address speaks WebSocket",
    headers=(("upgrade", "websocket"), ("connection", "close")),
)
TOO_FAST: Final = Refusal(
    status=429,
    type="TooManyRequestsException",
    message="Too many new connections",
    headers=(("retry-after", "1"),),
    limit="connection_rate",
)
TOO_MANY: Final = Refusal(
    status=429,
    type="LimitExceededException",
    message="Too many connections",
    headers=(("retry-after", "5"),),
    limit="connections",
)
UNAVAILABLE: Final = Refusal(
    status=503, type="ServiceUnavailableException", message="Service unavailable", headers=(("retry-after", "2"),)
)


_NOT_A_HANDSHAKE: Final = {
    400: ("BadRequestException", "Not a WebSocket handshake"),
    405: ("MethodNotAllowedException", "A WebSocket handshake is a GET"),
    426: (UPGRADE_REQUIRED.type, UPGRADE_REQUIRED.message),
    505: ("HttpVersionNotSupportedException", "A WebSocket handshake is HTTP/1.1"),
}


def not_a_handshake(status: int) -> Refusal:
    """The answer to what says `Upgrade: websocket` and is no handshake of RFC 6455."""
    kind, message = _NOT_A_HANDSHAKE.get(status, _NOT_A_HANDSHAKE[400])
    # Section 4.4: who speaks another version is to learn ours.
    headers = (("connection", "close"), ("upgrade", "websocket"), ("sec-websocket-version", "13"))
    return Refusal(status=status, type=kind, message=message, headers=headers)


class Refused(Exception):
    """The handshake is answered with `refusal`; `why` is for the log."""

    retryable = False

    def __init__(self, refusal: Refusal, why: str) -> None:
        super().__init__(why)
        self.refusal = refusal
        self.why = why

    @property
    def code(self) -> str:
        """The `x-amzn-ErrorType`."""
        return self.refusal.type
