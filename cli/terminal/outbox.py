"""What was typed and does not stand in the room yet (spec 3 and 10). Pure: times are seconds of any one clock.

Each draft has its idempotency key for life, so sending it again, on any connection, can never post it twice.

    WAITING ─▶ SENDING ─ACK▶ ACCEPTED ─MESSAGE▶ gone (it is in the room)
                  │ UNAVAILABLE, THROTTLED, silence          any refusal ─▶ gone (refused for good)
                  ▼
               AGAIN ─▶ SENDING …                            a lost connection ─▶ WAITING
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import Enum

from msgspec import UNSET

from contracts.ids import message_id
from contracts.server_frames import MessageFrame

ANSWER_WITHIN_S = 8.0
"""The gateway answers within 5 s; a frame without any answer was lost with something on the way."""
PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


class State(Enum):
    """How far a draft is, in the words that people see."""

    WAITING = "waiting for a connection"
    SENDING = "sending"
    ACCEPTED = "accepted"
    AGAIN = "not sent yet, trying again"


@dataclass(slots=True)
class Draft:
    """A message on its way."""

    chat_room_id: str
    content: str
    message_id: str
    client_message_id: str
    state: State = State.WAITING
    tries: int = 0
    due_at: float | None = field(default=None, repr=False)


class Outbox:
    """The drafts of one person, in the order in which they were typed."""

    def __init__(self, user_id: str) -> None:
        self._user_id = user_id
        self._drafts: dict[str, Draft] = {}
        self.is_open = False
        """Whether drafts go out."""

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """What is on its way, oldest first."""
        return tuple(self._drafts.values())

    def submit(self, chat_room_id: str, content: str, now: float) -> Draft:
        """A new draft, due at once if a connection is open."""
        key = secrets.token_urlsafe(12)
        draft = Draft(
            chat_room_id=chat_room_id,
            content=content,
            message_id=message_id(self._user_id, chat_room_id, client_message_id=key, event_id=""),
            client_message_id=key,
            due_at=now if self.is_open else None,
        )
        self._drafts[key] = draft
        return draft

    def opened(self, now: float) -> None:
        """A connection is open and the history is in: whatever is left is sent (again), in order.

        Accepted ones too: if one was refused, the refusal went to the connection that is gone.
        """
        self.is_open = True
        for draft in self._drafts.values():
            draft.state, draft.due_at = State.WAITING, now

    def closed(self) -> None:
        """The connection is gone."""
        self.is_open = False
        for draft in self._drafts.values():
            draft.due_at = None
            if draft.state is not State.ACCEPTED:
                draft.state = State.WAITING

    def due(self, now: float) -> list[Draft]:
        """The drafts to be sent now, in order; each is taken to be under way."""
        ready = [draft for draft in self._drafts.values() if draft.due_at is not None and draft.due_at <= now]
        for draft in ready:
            draft.state, draft.due_at, draft.tries = State.SENDING, now + ANSWER_WITHIN_S, draft.tries + 1
        return ready

    def next_due_at(self) -> float | None:
        """When `due` will have something."""
        return min((draft.due_at for draft in self._drafts.values() if draft.due_at is not None), default=None)

    def acknowledged(self, client_message_id: str) -> Draft | None:
        """It is in the log and will be decided. A late ACK, after UNAVAILABLE, counts as well."""
        draft = self._drafts.get(client_message_id)
        if draft is not None:
            draft.state, draft.due_at = State.ACCEPTED, None
        return draft

    def posted(self, message: MessageFrame) -> Draft | None:
        """`message` stands in the room: the draft that it was, if it was one.

        Known by its key, or by its id where the history gives no key: the id is made of sender, room and key.
        """
        if message.sender_id != self._user_id:
            return None
        key = message.client_message_id
        if key is not UNSET and key in self._drafts:
            return self._drafts.pop(key)
        same = (draft.client_message_id for draft in self.drafts if draft.message_id == message.message_id)
        return self._drafts.pop(next(same, ""), None)

    def refused(self, client_message_id: str, now: float, *, again: bool, after_s: float | None = None) -> Draft | None:
        """Refused: for good (it is gone from here), or `again` later: after `after_s`, or 1, 2, 4, 8, 16, 30 s."""
        draft = self._drafts.get(client_message_id)
        if draft is None:
            return None
        if not again:
            return self._drafts.pop(client_message_id)
        pause_s = PAUSES_S[min(max(draft.tries, 1), len(PAUSES_S)) - 1]
        draft.state, draft.due_at = State.AGAIN, now + (pause_s if after_s is None else after_s)
        return draft

    def discard(self, client_message_id: str) -> None:
        """Forget it, wherever it stands."""
        self._drafts.pop(client_message_id, None)

    def abandon(self) -> tuple[Draft, ...]:
        """Nothing can be sent any more: what is left, which may or may not have been posted."""
        left, self._drafts = self.drafts, {}
        return left
