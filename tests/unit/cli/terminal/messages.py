"""MESSAGE frames for tests."""

from __future__ import annotations

from contracts.server_frames import MessageFrame
from contracts.timestamps import iso

BEGIN_MS = 1_700_000_000_000


def message(seq: int, *, sender: str = "bob", content: str = "hello", room: str = "lobby") -> MessageFrame:
    timestamp = BEGIN_MS + seq * 1000
    return MessageFrame(
        message_id=f"{room}-{seq}",
        chat_room_id=room,
        sender_id=sender,
        content=content,
        created_at=iso(timestamp),
        timestamp=timestamp,
        seq=seq,
    )
