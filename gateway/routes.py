"""The routes of spec 1: one glance shows what a client may say. A frame's shape and size are checked here.

Who the sender is, is never read from a frame: it is the connection's user.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import UNSET, Struct

from chassis.records import outgoing
from contracts.client_frames import MarkReadFrame, PingFrame, RefreshTokenFrame, SendMessageFrame, TypingFrame
from contracts.ids import message_id, new_event_id
from contracts.submissions import SendMessage
from contracts.timestamps import iso
from contracts.topics import SUBMISSIONS
from gateway import metrics
from gateway.answers import Answers
from gateway.connection import Connection
from gateway.marks import ReadMarks, TypingNotices
from gateway.rates import Buckets, Rate
from gateway.refresh import Refresh
from gateway.requests import DEFAULT, Request, request_of
from gateway.submit import Submit
from gateway.tracing import traced
from gateway.wheel import Wheel

REST_AFTER = 200
"""Frames in a row that come too fast, before the connection is not read for a while."""
_MOST_REST_S = 5.0

Handler = Callable[[Connection, Request, str], None]
"""Raises msgspec.DecodeError for a text of the wrong shape, before it does anything."""
Frame = TypeVar("Frame", bound=Struct)


class Routes:
    """What becomes of each frame."""

    def __init__(
        self,
        *,
        submit: Submit,
        marks: ReadMarks,
        typing: TypingNotices,
        refresh: Refresh,
        answers: Answers,
        wheel: Wheel,
        frames: Rate,
        user_frames: Rate,
        content_characters: int,
        wall_ms: Callable[[], int],
    ) -> None:
        self._submit = submit
        self._marks = marks
        self._typing = typing
        self._refresh = refresh
        self._answers = answers
        self._wheel = wheel
        self._rate = frames
        self._users = Buckets(user_frames)
        self._content_characters = content_characters
        self._wall_ms = wall_ms
        self.table: dict[str, Handler] = {
            "sendMessage": _decoding(SendMessageFrame, self._send_message),
            "markRead": _decoding(MarkReadFrame, self._mark_read),
            "refreshToken": _decoding(RefreshTokenFrame, self._refresh_token),
            "typing": _decoding(TypingFrame, self._notice_typing),
            "ping": _decoding(PingFrame, self._ping),
        }

    def received(self, connection: Connection, text: str) -> None:
        """Take one text message of a client."""
        connection.life.active_s = self._wheel.now()
        request = request_of(text)
        metrics.FRAMES.labels(request.action).inc()
        if self._is_too_fast(connection, request) or request.action == DEFAULT:
            return
        try:
            self.table[request.action](connection, request, text)
        except (msgspec.DecodeError, RecursionError) as error:
            self._answers.error(connection, request, "INVALID_MESSAGE", _described(error))

    def _is_too_fast(self, connection: Connection, request: Request) -> bool:
        now = self._wheel.now()
        limit: metrics.Limit = "frame_rate"
        wait_s = connection.frames.take(self._rate, now)
        if wait_s == 0:
            limit, wait_s = "user_frame_rate", self._users.take(connection.user_id, now)
        if wait_s == 0:
            connection.refused = 0
            return False
        metrics.met(limit)
        connection.refused += 1
        if request.action != DEFAULT:
            self._answers.error(connection, request, "THROTTLED", "Too many frames", retry_after_s=wait_s)
        if connection.refused % REST_AFTER == 0 and connection.socket is not None:
            connection.socket.rest(min(REST_AFTER / self._rate.per_s, _MOST_REST_S))
        return True

    def _send_message(self, connection: Connection, request: Request, frame: SendMessageFrame) -> None:
        if len(frame.content) > self._content_characters or not frame.content.strip():
            metrics.met("content_characters")
            problem = f"content must be 1 to {self._content_characters} characters, not only white space"
            self._answers.error(connection, request, "INVALID_MESSAGE", problem)
            return
        event = SendMessage(
            event_id=new_event_id(),
            occurred_at=iso(self._wall_ms()),
            chat_room_id=frame.chat_room_id,
            connection=connection.ref,
            sender_id=connection.user_id,
            content=frame.content,
            client_message_id=frame.client_message_id,
        )
        key = None if frame.client_message_id is UNSET else frame.client_message_id
        self._submit.submit(
            connection,
            request,
            outgoing(SUBMISSIONS, frame.chat_room_id, event, traced()),
            message_id=message_id(
                connection.user_id, frame.chat_room_id, client_message_id=key, event_id=event.event_id
            ),
        )

    def _mark_read(self, connection: Connection, request: Request, frame: MarkReadFrame) -> None:
        self._marks.mark(connection, request, frame)

    def _refresh_token(self, connection: Connection, request: Request, frame: RefreshTokenFrame) -> None:
        self._refresh.start(connection, request, frame)

    def _notice_typing(self, connection: Connection, _request: Request, frame: TypingFrame) -> None:
        self._typing.notice(connection, frame)

    def _ping(self, connection: Connection, _request: Request, frame: PingFrame) -> None:
        if frame.id is not UNSET:
            self._answers.pong(connection, frame.id)


def _decoding(frame: type[Frame], handle: Callable[[Connection, Request, Frame], None]) -> Handler:
    decode = msgspec.json.Decoder(frame).decode
    return lambda connection, request, text: handle(connection, request, decode(text))


def _described(error: Exception) -> str:
    """Names the place, never the value."""
    return str(error)[:200] if isinstance(error, msgspec.ValidationError) else "The frame is not valid JSON"
