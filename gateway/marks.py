"""Read marks and typing notices: what comes more often than it is published (spec 3)."""

from collections.abc import Callable
from dataclasses import dataclass

from chassis.records import outgoing
from contracts.client_frames import MarkReadFrame, TypingFrame
from contracts.ids import new_event_id
from contracts.limits import READ_MARK_INTERVAL_S, TYPING_INTERVAL_S
from contracts.signals import Typing
from contracts.submissions import MarkRead
from contracts.timestamps import iso
from contracts.topics import SIGNALS, SUBMISSIONS
from gateway import metrics
from gateway.connection import Connection
from gateway.intervals import Intervals, Name
from gateway.requests import Request
from gateway.submit import Submit
from gateway.tracing import traced
from gateway.wheel import Wheel


@dataclass(frozen=True, slots=True)
class _Mark:
    connection: Connection
    request: Request
    room: str
    seq: int


class ReadMarks:
    """At most one a second for each user and room: the first at once, the furthest of the others at the second's end.

    The furthest and not the last one: a mark moves forward only, and two tabs may scroll apart.
    """

    def __init__(self, submit: Submit, wheel: Wheel, *, wall_ms: Callable[[], int]) -> None:
        self._submit = submit
        self._wheel = wheel
        self._wall_ms = wall_ms
        self._intervals: Intervals[_Mark] = Intervals()

    def mark(self, connection: Connection, request: Request, frame: MarkReadFrame) -> None:
        """Publish it now, or at the second's end."""
        mark = _Mark(connection, request, frame.chat_room_id, frame.seq)
        name = (connection.user_id, frame.chat_room_id)
        if not self._intervals.runs(name):
            self._begin(name, mark)
            return
        metrics.COALESCED.labels("markRead").inc()
        held = self._intervals.held(name)
        if held is None or held.seq < mark.seq:
            self._intervals.hold(name, mark)

    def publish_all(self) -> None:
        """Publish what waits: the process stops."""
        for mark in self._intervals.take_all():
            self._publish(mark)

    def _begin(self, name: Name, mark: _Mark) -> None:
        self._publish(mark)
        if not self._intervals.is_full:
            self._intervals.begin(name)
            self._wheel.after(READ_MARK_INTERVAL_S, lambda _now: self._end(name))

    def _end(self, name: Name) -> None:
        mark = self._intervals.end(name)
        if mark is not None:
            self._publish(mark)
            self._wheel.after(READ_MARK_INTERVAL_S, lambda _now: self._end(name))

    def _publish(self, mark: _Mark) -> None:
        event = MarkRead(
            event_id=new_event_id(),
            occurred_at=iso(self._wall_ms()),
            chat_room_id=mark.room,
            connection=mark.connection.ref,
            user_id=mark.connection.user_id,
            seq=mark.seq,
        )
        self._submit.submit(mark.connection, mark.request, outgoing(SUBMISSIONS, mark.room, event, traced()))


class TypingNotices:
    """At most one in 3 s for each sender and room; the others are dropped."""

    def __init__(self, submit: Submit, wheel: Wheel, *, wall_ms: Callable[[], int]) -> None:
        self._submit = submit
        self._wheel = wheel
        self._wall_ms = wall_ms
        self._intervals: Intervals[None] = Intervals()

    def notice(self, connection: Connection, frame: TypingFrame) -> None:
        """Publish it, or drop it."""
        name = (connection.user_id, frame.chat_room_id)
        if self._intervals.runs(name) or self._intervals.is_full:
            metrics.COALESCED.labels("typing").inc()
            return
        self._intervals.begin(name)
        self._wheel.after(TYPING_INTERVAL_S, lambda _now: self._end(name))
        event = Typing(
            event_id=new_event_id(),
            occurred_at=iso(self._wall_ms()),
            chat_room_id=frame.chat_room_id,
            user_id=connection.user_id,
            connection_id=connection.id,
        )
        self._submit.signal(connection, outgoing(SIGNALS, frame.chat_room_id, event, traced()))

    def _end(self, name: Name) -> None:
        self._intervals.end(name)
