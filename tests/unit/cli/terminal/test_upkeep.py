from __future__ import annotations

from cli.terminal.upkeep import PING_INTERVAL_S, Upkeep
from contracts.client_frames import MarkReadFrame, PingFrame, TypingFrame


def test_a_silent_connection_is_kept_alive_every_half_minute() -> None:
    upkeep = Upkeep()
    upkeep.connected(0.0)
    assert upkeep.frames(PING_INTERVAL_S - 0.1, "lobby", 0, others=False) == []
    assert upkeep.frames(PING_INTERVAL_S, "lobby", 0, others=False) == [PingFrame()]
    assert upkeep.next_due_at(0) == 2 * PING_INTERVAL_S
    assert upkeep.frames(PING_INTERVAL_S + 10, "lobby", 0, others=True) == []
    assert upkeep.next_due_at(0) == 2 * PING_INTERVAL_S + 10


def test_typing_is_told_once_per_three_seconds_and_forgotten_when_it_is_old() -> None:
    upkeep = Upkeep()
    upkeep.connected(0.0)
    upkeep.typed(1.0)
    upkeep.typed(1.1)
    assert upkeep.frames(1.1, "lobby", 0, others=False) == [TypingFrame(chat_room_id="lobby")]
    upkeep.typed(4.0)
    upkeep.connected(4.1)
    assert upkeep.frames(4.1, "lobby", 0, others=False) == []


def test_a_read_mark_is_sent_once() -> None:
    upkeep = Upkeep()
    upkeep.connected(0.0)
    assert upkeep.frames(0.0, "lobby", 3, others=False) == [MarkReadFrame(chat_room_id="lobby", seq=3)]
    assert upkeep.frames(10.0, "lobby", 3, others=False) == []


def test_another_room_has_a_mark_of_its_own() -> None:
    upkeep = Upkeep()
    upkeep.connected(0.0)
    upkeep.frames(0.0, "lobby", 30, others=False)
    upkeep.entered()
    assert upkeep.frames(0.1, "kitchen", 3, others=False) == [MarkReadFrame(chat_room_id="kitchen", seq=3)]
