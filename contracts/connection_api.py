"""The gateway's back door (spec 6): API Gateway's `@connections`, and the bulk push that fan-out uses."""

from dataclasses import dataclass
from typing import Final

from msgspec import UNSET, Struct, UnsetType, msgpack

from contracts.ids import ConnectionId, Epoch, Id, ManyConnectionIds

REQUEST_ID_HEADER: Final = "x-amzn-RequestId"
ERROR_TYPE_HEADER: Final = "x-amzn-ErrorType"
FORWARDED_HEADER: Final = "x-kaiwa-forwarded-by"
"""Names the gateway that passed a request on; a request that carries it is not passed on again."""
SIGNING_SERVICE: Final = "execute-api"
SKEW_S: Final = 300
BULK_PATH_SUFFIX: Final = "@pushes"
BULK_CONTENT_TYPE: Final = "application/msgpack"


@dataclass(frozen=True, kw_only=True)
class ApiError:
    """One refusal, as API Gateway words it; `message` None is an empty body."""

    status: int
    type: str
    message: str | None


GONE: Final = ApiError(status=410, type="GoneException", message=None)
NOT_TEXT: Final = ApiError(status=400, type="BadRequestException", message="Body is not UTF-8")
INVALID_CONNECTION_ID: Final = ApiError(status=400, type="BadRequestException", message="Invalid connectionId")
INVALID_BODY: Final = ApiError(status=400, type="BadRequestException", message="Invalid request body")
FORBIDDEN: Final = ApiError(status=403, type="ForbiddenException", message="Forbidden")
UNSIGNED: Final = ApiError(
    status=403, type="MissingAuthenticationTokenException", message="Missing Authentication Token"
)
UNKNOWN_KEY: Final = ApiError(
    status=403, type="UnrecognizedClientException", message="The security token included in the request is invalid."
)
BAD_SIGNATURE: Final = ApiError(
    status=403,
    type="InvalidSignatureException",
    message="The request signature we calculated does not match the signature you provided.",
)
TOO_LARGE: Final = ApiError(status=413, type="PayloadTooLargeException", message="Payload too large")
MISDIRECTED: Final = ApiError(status=421, type="MisdirectedRequestException", message="Another epoch")
LIMIT_EXCEEDED: Final = ApiError(status=429, type="LimitExceededException", message="Limit exceeded")

API_ERRORS: Final = (
    GONE,
    NOT_TEXT,
    INVALID_CONNECTION_ID,
    INVALID_BODY,
    FORBIDDEN,
    UNSIGNED,
    UNKNOWN_KEY,
    BAD_SIGNATURE,
    TOO_LARGE,
    MISDIRECTED,
    LIMIT_EXCEEDED,
)


class ErrorBody(Struct, frozen=True):
    """The JSON body of a refusal that has one."""

    message: str


class Identity(Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is at the other end."""

    source_ip: str
    user_agent: str | UnsetType = UNSET


class ConnectionInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """The answer to GET."""

    connected_at: str
    identity: Identity
    last_active_at: str


class Push(Struct, frozen=True, array_like=True):
    """One payload for many connections."""

    payload: bytes
    """UTF-8 text, sent as it is as one text frame."""
    connection_ids: ManyConnectionIds
    """The gateway refuses the whole request for one that `is_connection_id` refuses."""
    accepted_ms: int = 0
    """When the log accepted the message (epoch ms, the broker's time); 0: its delivery is not to be measured."""


class PushRequest(Struct, frozen=True, kw_only=True, rename="camel"):
    """Pushes in order, for one life of one gateway; another epoch is answered 421 and is never "gone"."""

    gateway_id: Id
    epoch: Epoch
    worker_id: str
    """One life of a fan-out worker."""
    number: int
    """Rises by one with each request of the worker to this epoch: a repeated one is answered, not pushed again."""
    close: tuple[ConnectionId, ...] = ()
    """Connections for which fan-out had to drop something: closed with 4408 before anything is pushed."""
    pushes: tuple[Push, ...] = ()


class PushAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """What did not reach its outbox."""

    gone: tuple[ConnectionId, ...] = ()
    slow: tuple[ConnectionId, ...] = ()
    """Their outbox is full: they are being closed with 4408."""


encode_bulk = msgpack.Encoder().encode
decode_push_request = msgpack.Decoder(PushRequest).decode
decode_push_answer = msgpack.Decoder(PushAnswer).decode
