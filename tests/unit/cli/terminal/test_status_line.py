from __future__ import annotations

from cli.terminal.conversation import Conversation
from cli.terminal.render import plain
from cli.terminal.status_line import draft_lines, excerpt, status
from contracts.server_frames import PresenceFrame, ReadFrame, TypingNoticeFrame
from tests.unit.cli.terminal.messages import message


def in_the_lobby() -> Conversation:
    conversation = Conversation("alice", "lobby")
    conversation.connected(0.0)
    fetch = conversation.timeline.next_fetch()
    assert fetch is not None
    conversation.page(fetch, [message(1, sender="alice")], 0.0, has_more=False)
    conversation.people.are({"alice": "Alice", "bob": "Bob"})
    return conversation


def shown(conversation: Conversation, *, connected: bool = True, retry_at: float | None = None) -> str:
    return " ".join(plain([status(conversation, 1.0, connected=connected, retry_at=retry_at)]).split())


def test_it_names_the_room_and_who_is_online() -> None:
    conversation = in_the_lobby()
    assert shown(conversation) == "lobby nobody else is online"
    bob = PresenceFrame(user_id="bob", status="online", last_seen_at="", version=1)
    conversation.frame(bob, 0.0)
    assert shown(conversation) == "lobby Bob online"


def test_it_tells_who_types_and_who_has_read() -> None:
    conversation = in_the_lobby()
    conversation.frame(ReadFrame(chat_room_id="lobby", user_id="bob", seq=1), 0.0)
    assert shown(conversation).endswith("read by Bob")
    conversation.frame(TypingNoticeFrame(chat_room_id="lobby", user_id="bob"), 0.0)
    assert shown(conversation).endswith("Bob is typing…")


def test_it_tells_that_the_connection_is_down_and_when_the_next_try_is() -> None:
    conversation = in_the_lobby()
    assert "connecting…" in shown(conversation, connected=False)
    assert "next try in 4 s" in shown(conversation, connected=False, retry_at=5.0)


def test_it_counts_what_is_new_elsewhere() -> None:
    conversation = in_the_lobby()
    conversation.frame(message(1, room="kitchen"), 0.0)
    assert shown(conversation).endswith("1 new in kitchen")


def test_drafts_stand_above_the_prompt_with_how_far_they_are() -> None:
    conversation = in_the_lobby()
    conversation.say("one\ntwo", 1.0)
    assert plain(draft_lines(conversation.outbox.drafts, "lobby")) == "  one two  … waiting for a connection\n"
    conversation.outgoing(1.0)
    assert "… kitchen" not in plain(draft_lines(conversation.outbox.drafts, "lobby"))
    assert "… lobby: sending" in plain(draft_lines(conversation.outbox.drafts, "kitchen"))


def test_many_drafts_do_not_fill_the_screen() -> None:
    conversation = in_the_lobby()
    for number in range(20):
        conversation.say(str(number), 1.0)
    lines = draft_lines(conversation.outbox.drafts, "lobby")
    assert len(lines) == 6
    assert "15 more" in plain(lines[-1:])


def test_an_excerpt_is_one_short_line() -> None:
    assert excerpt("a\n\x1b[2Jb") == "a \N{REPLACEMENT CHARACTER}[2Jb"
    assert len(excerpt("x" * 500)) == 60
