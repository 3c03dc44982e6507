"""How a handshake is refused (spec 2): a literal table, as API Gateway words it. Nobody learns why a token was bad."""

from dataclasses import dataclass
from typing import Final

from msgspec import json

from contracts.connection_api import ERROR_TYPE_HEADER, ErrorBody


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One answer in place of the 101."""

    status: int
    type: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()

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
    status=429, type="TooManyRequestsException", message="Too many new connections", headers=(("retry-after", "1"),)
)
TOO_MANY: Final = Refusal(
    status=429, type="LimitExceededException", message="Too many connections", headers=(("retry-after", "5"),)
)
UNAVAILABLE: Final = Refusal(
    status=503, type="ServiceUnavailableException", message="Service unavailable", headers=(("retry-after", "2"),)
)


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
