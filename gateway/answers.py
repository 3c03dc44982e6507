"""The gateway's own frames to one connection (spec 3). ERROR goes only to who asked to know."""

from collections.abc import Callable

from msgspec import UNSET

from contracts.server_frames import AckFrame, ErrorCode, ErrorFrame, PongFrame, TokenRefreshedFrame
from contracts.timestamps import iso
from gateway import metrics
from gateway.connection import Connection
from gateway.deliver import Deliverer
from gateway.requests import Request

RETRYABLE: frozenset[ErrorCode] = frozenset({"UNAVAILABLE", "THROTTLED"})


class Answers:
    """Nothing is sent to a connection that has ended."""

    def __init__(self, deliverer: Deliverer, *, wall_ms: Callable[[], int]) -> None:
        self._deliverer = deliverer
        self._wall_ms = wall_ms

    def ack(self, connection: Connection, request: Request, message_id: str) -> None:
        """It is in the log and will be decided."""
        if request.client_message_id is None or request.chat_room_id is None:
            return
        frame = AckFrame(
            message_id=message_id, client_message_id=request.client_message_id, chat_room_id=request.chat_room_id
        )
        self._deliverer.answer(connection, frame)

    def error(
        self,
        connection: Connection,
        request: Request,
        code: ErrorCode,
        message: str,
        *,
        retry_after_s: float | None = None,
    ) -> None:
        """A refusal: for requests with a clientMessageId and connections with any feature, counted for all."""
        metrics.ERRORS.labels(code).inc()
        if request.client_message_id is None and not connection.wants_errors:
            return
        frame = ErrorFrame(
            code=code,
            message=message,
            retryable=code in RETRYABLE,
            client_message_id=request.client_message_id or UNSET,
            chat_room_id=request.chat_room_id or UNSET,
            retry_after_ms=UNSET if retry_after_s is None else max(1, int(retry_after_s * 1000) + 1),
        )
        self._deliverer.answer(connection, frame)

    def pong(self, connection: Connection, ping_id: str | int | None) -> None:
        """The answer to a ping that carried an id."""
        self._deliverer.answer(connection, PongFrame(id=ping_id, server_time=self._wall_ms()))

    def refreshed(self, connection: Connection, expires_at: float) -> None:
        """The connection lives on to `expires_at` (epoch seconds)."""
        frame = TokenRefreshedFrame(expires_at=iso(int(expires_at * 1000)), server_time=self._wall_ms())
        self._deliverer.answer(connection, frame)
