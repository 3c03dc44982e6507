"""A room as persistence keeps it, for clients under test."""

from __future__ import annotations

from dataclasses import dataclass, field

from contracts.ids import message_id
from contracts.server_frames import (
    MessageFrame,
)
from contracts.timestamps import iso

PAGE = 3


@dataclass
class Server:
    """A room as persistence keeps it: one order, and no key posts twice."""

    messages: list[MessageFrame] = field(default_factory=list)
    keys: dict[str, MessageFrame] = field(default_factory=dict)

    def post(self, sender: str, content: str, key: str | None = None) -> tuple[MessageFrame, bool]:
        if key in self.keys:
            return self.keys[str(key)], False
        seq = len(self.messages) + 1
        timestamp = 1_700_000_000_000 + seq * 1000
        extra = {} if key is None else {"client_message_id": key}
        message = MessageFrame(
            message_id=message_id(sender, "lobby", client_message_id=key, event_id=str(seq)),
            chat_room_id="lobby",
            sender_id=sender,
            content=content,
            created_at=iso(timestamp),
            timestamp=timestamp,
            seq=seq,
            **extra,
        )
        self.messages.append(message)
        if key is not None:
            self.keys[key] = message
        return message, True

    def page(self, after: int | None) -> tuple[list[MessageFrame], bool]:
        if after is None:
            return self.messages[-PAGE:], len(self.messages) > PAGE
        later = [message for message in self.messages if message.timestamp > after]
        return later[:PAGE], len(later) > PAGE
