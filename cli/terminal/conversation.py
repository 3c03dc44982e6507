"""One person in one room: everything that frames, pages and key presses change, and what is to be sent. Pure.

Times are seconds of any one clock. The caller moves bytes and shows what each call returns, in order.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET

from cli.terminal.happenings import Happening, Notice, NotSent, Posted, Problem, Shown
from cli.terminal.outbox import Draft, Outbox, State
from cli.terminal.people import People
from cli.terminal.timeline import Fetch, Timeline
from cli.terminal.upkeep import Upkeep
from cli.terminal.words import refusal, several
from contracts.client_frames import ClientFrame, SendMessageFrame
from contracts.server_frames import (
    AckFrame,
    ErrorFrame,
    MessageFrame,
    PresenceFrame,
    ReadFrame,
    RoomFrame,
    ServerFrame,
    TypingNoticeFrame,
    VerificationRequiredFrame,
)


class Conversation:
    """`me` talking in `chat_room_id`; `reads` tells whether somebody sees it, so that it counts as read."""

    def __init__(self, me: str, chat_room_id: str, *, reads: bool = True) -> None:
        self.me = me
        self.outbox = Outbox(me)
        self.elsewhere: dict[str, int] = {}
        """New messages in other rooms."""
        self.people_are_stale = True
        """Who is in the room, and who is online, has to be asked for."""
        self._reads = reads
        self._connected = False
        self._upkeep = Upkeep()
        self._open_room(chat_room_id)

    @property
    def chat_room_id(self) -> str:
        """The room on the screen."""
        return self.timeline.chat_room_id

    def enter(self, chat_room_id: str) -> None:
        """Go to another room; what was accepted in this one will be posted without us."""
        for draft in self.outbox.drafts:
            if draft.chat_room_id != chat_room_id and draft.state is State.ACCEPTED:
                self.outbox.discard(draft.client_message_id)
        self._open_room(chat_room_id)
        if self._connected:
            self.timeline.connected()

    def connected(self, now: float) -> None:
        """A connection is open. Drafts go out at once: their keys keep what was posted already from coming twice.

        Only the first ones wait for the newest page: what they become then stands after it, and is met for certain.
        """
        self._connected = self.people_are_stale = True
        self._upkeep.connected(now)
        self.timeline.connected()
        if self.timeline.opened:
            self.outbox.opened(now)

    def disconnected(self) -> None:
        """The connection is gone."""
        self._connected = False
        self.outbox.closed()

    def say(self, content: str, now: float) -> Draft:
        """A message was typed."""
        return self.outbox.submit(self.chat_room_id, content, now)

    def typed(self, now: float) -> None:
        """A key was pressed: told to the others at most every 3 s."""
        if self._connected:
            self._upkeep.typed(now)

    def outgoing(self, now: float) -> list[ClientFrame]:
        """The frames to send now, in order; each is taken to be under way."""
        if not self._connected:
            return []
        messages: list[ClientFrame] = [_frame_of(draft) for draft in self.outbox.due(now)]
        return messages + self._upkeep.frames(now, self.chat_room_id, self._seen, others=bool(messages))

    def next_due_at(self) -> float | None:
        """When `outgoing` will have something, if nothing happens before."""
        if not self._connected:
            return None
        upkeep, drafts = self._upkeep.next_due_at(self._seen), self.outbox.next_due_at()
        return upkeep if drafts is None else min(upkeep, drafts)

    def page(self, fetch: Fetch, messages: Iterable[MessageFrame], now: float, *, has_more: bool) -> list[Happening]:
        """A page of the history came."""
        before = self.timeline.last
        happenings = self._shown(before, self.timeline.page(fetch, messages, has_more=has_more))
        if self._connected and self.timeline.opened and not self.outbox.is_open:
            self.outbox.opened(now)
        return happenings

    def frame(self, frame: ServerFrame, now: float) -> list[Happening]:
        """A frame came."""
        match frame:
            case MessageFrame():
                return self._message(frame)
            case AckFrame():
                return self._acknowledged(frame)
            case ErrorFrame() | VerificationRequiredFrame():
                return self._refused(frame, now)
            case RoomFrame():
                return self._room(frame)
            case PresenceFrame():
                self.people.presence(frame)
            case TypingNoticeFrame() if frame.chat_room_id == self.chat_room_id:
                self.people.typing(frame.user_id, now)
            case ReadFrame() if frame.chat_room_id == self.chat_room_id:
                self.people.read(frame.user_id, frame.seq)
        return []

    @property
    def _seen(self) -> int:
        return self.timeline.last_seq if self._reads and self.timeline.whole else 0

    def _open_room(self, chat_room_id: str) -> None:
        self.timeline = Timeline(chat_room_id)
        self.people = People(self.me)
        self.people_are_stale = True
        self.elsewhere.pop(chat_room_id, None)
        self._upkeep.entered()

    def _message(self, message: MessageFrame) -> list[Happening]:
        here, before = message.chat_room_id == self.chat_room_id, self.timeline.last
        happenings = self._shown(before, self.timeline.live(message)) if here else []
        if not here and message.sender_id != self.me:
            self.elsewhere[message.chat_room_id] = self.elsewhere.get(message.chat_room_id, 0) + 1
        draft = self.outbox.posted(message)
        return [*happenings, Posted(draft)] if draft else happenings

    def _shown(self, before: MessageFrame | None, messages: list[MessageFrame]) -> list[Happening]:
        happenings: list[Happening] = []
        for message in messages:
            self.people.wrote(message.sender_id)
            happenings.append(Shown(message, before, self.outbox.posted(message)))
            before = message
        return happenings

    def _acknowledged(self, frame: AckFrame) -> list[Happening]:
        draft = self.outbox.acknowledged(frame.client_message_id)
        if draft is None or draft.chat_room_id == self.chat_room_id:
            return []
        # Its room is not watched here: if the message stands there already, no frame will tell.
        self.outbox.discard(draft.client_message_id)
        return [Posted(draft)]

    def _refused(self, frame: ErrorFrame | VerificationRequiredFrame, now: float) -> list[Happening]:
        again = isinstance(frame, ErrorFrame) and frame.retryable
        if frame.client_message_id is UNSET:
            # What was no message (a read mark, typing) is made up for by the next one.
            return [] if again else [Problem(f"The server refused something: {refusal(frame)}.")]
        pause_ms = frame.retry_after_ms if isinstance(frame, ErrorFrame) else UNSET
        after_s = None if pause_ms is UNSET else pause_ms / 1000
        draft = self.outbox.refused(frame.client_message_id, now, again=again, after_s=after_s)
        return [NotSent(draft, refusal(frame))] if draft and not again else []

    def _room(self, frame: RoomFrame) -> list[Happening]:
        here, me = frame.chat_room_id == self.chat_room_id, self.me in frame.user_ids
        if frame.change == "removed":
            return self._removed(frame, here=here, me=me)
        if here:
            self.people.come(frame.user_ids)
            self.people_are_stale = True
            return [Notice(f"{several(list(frame.user_ids))} joined the room.")]
        return [Notice(f"You are in the room {frame.name} now: /join {frame.chat_room_id}")] if me else []

    def _removed(self, frame: RoomFrame, *, here: bool, me: bool) -> list[Happening]:
        if me:
            return [Notice(f"You are no longer in the room {frame.name}.")]
        if here:
            self.people.go(frame.user_ids)
        return [Notice(f"{several(list(frame.user_ids))} left the room.")] if here else []


def _frame_of(draft: Draft) -> SendMessageFrame:
    return SendMessageFrame(
        chat_room_id=draft.chat_room_id, content=draft.content, client_message_id=draft.client_message_id
    )
