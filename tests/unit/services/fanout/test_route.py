"""Which frame a fact or a signal becomes, and for whom (spec 3)."""

import json
from typing import Any

import pytest

from contracts.facts import NothingChanged, RejectionCode, SubmissionRef
from contracts.server_frames import decode_server_frame
from services.fanout.route import Frame, Reply, route, route_presence, route_typing
from tests.unit.services.fanout import given

PAIR = frozenset({"alice", "bob"})
CROWD = frozenset(f"u{number}" for number in range(101))


def body(routed: Frame | Reply | None) -> dict[str, Any]:
    assert routed is not None
    decode_server_frame(routed.payload)
    frame: dict[str, Any] = json.loads(routed.payload)
    return frame


def test_a_message_goes_to_everybody_in_the_room_the_sender_too() -> None:
    routed = route(given.message(4, seq=2), PAIR)
    assert isinstance(routed, Frame)
    assert (routed.users, routed.feature, routed.message_id) == (PAIR, None, "m4")
    assert body(routed) == {
        "type": "MESSAGE",
        "messageId": "m4",
        "chatRoomId": "lobby",
        "senderId": "alice",
        "content": "text 4",
        "messageType": "user",
        "createdAt": given.AT,
        "timestamp": 1_700_000_000_004,
        "seq": 2,
    }


def test_verification_required_goes_to_every_asking_connection() -> None:
    asking = given.asking()
    routed = route(given.rejected(1, "VERIFICATION_REQUIRED", asking), PAIR)
    assert isinstance(routed, Reply)
    assert routed.connection == asking
    assert routed.epoch == given.KEY
    assert body(routed) == {"type": "VERIFICATION_REQUIRED", "message": "no", "chatRoomId": "lobby"}


def test_verification_required_names_the_message_by_its_key() -> None:
    routed = route(given.rejected(1, "VERIFICATION_REQUIRED", given.asking(), client_message_id="k1"), PAIR)
    assert body(routed)["clientMessageId"] == "k1"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("NOT_A_PARTICIPANT", "NOT_A_PARTICIPANT"),
        ("NOT_FOUND", "NOT_A_PARTICIPANT"),
        ("INVALID_MESSAGE", "INVALID_MESSAGE"),
        ("INTERNAL", "INTERNAL"),
        ("ROOM_EXISTS", "INTERNAL"),
    ],
)
def test_an_error_goes_to_who_gave_a_key(code: RejectionCode, shown: str) -> None:
    routed = route(given.rejected(1, code, given.asking(), client_message_id="k1"), PAIR)
    assert body(routed) == {
        "type": "ERROR",
        "code": shown,
        "message": "no",
        "retryable": False,
        "clientMessageId": "k1",
        "chatRoomId": "lobby",
    }


def test_an_error_goes_to_who_has_any_feature() -> None:
    assert body(route(given.rejected(1, "NOT_A_PARTICIPANT", given.asking("presence")), PAIR))["type"] == "ERROR"
    assert body(route(given.command_rejected(1, given.asking("read")), PAIR))["code"] == "NOT_A_PARTICIPANT"


def test_a_client_of_the_source_design_gets_no_error() -> None:
    assert route(given.rejected(1, "NOT_A_PARTICIPANT", given.asking()), PAIR) is None
    assert route(given.command_rejected(1, given.asking()), PAIR) is None


def test_a_refusal_of_the_http_api_is_pushed_to_nobody() -> None:
    assert route(given.rejected(1, "VERIFICATION_REQUIRED", None), PAIR) is None
    assert route(given.command_rejected(1, None), PAIR) is None


def test_who_was_removed_is_told_with_the_others() -> None:
    routed = route(given.removed(3, "carol", count=2), PAIR)
    assert isinstance(routed, Frame)
    assert (routed.users, routed.feature) == (PAIR | {"carol"}, "rooms")
    assert body(routed) == {
        "type": "ROOM",
        "change": "removed",
        "chatRoomId": "lobby",
        "name": "Lobby",
        "userIds": ["carol"],
        "participantCount": 2,
    }


def test_a_room_and_its_new_people_are_told_to_its_people() -> None:
    made = route(given.created(3, "alice", "bob"), PAIR)
    joined = route(given.added(4, "carol", count=3), PAIR | {"carol"})
    assert isinstance(made, Frame)
    assert isinstance(joined, Frame)
    assert (made.users, made.feature, body(made)["change"], body(made)["participantCount"]) == (
        PAIR,
        "rooms",
        "created",
        2,
    )
    assert (joined.users, body(joined)["change"], body(joined)["userIds"]) == (PAIR | {"carol"}, "added", ["carol"])


def test_a_read_mark_is_shown_to_the_room_up_to_100_people_and_beyond_to_the_reader_alone() -> None:
    small = route(given.read(5, "alice"), PAIR)
    large = route(given.read(5, "u1"), CROWD)
    assert isinstance(small, Frame)
    assert isinstance(large, Frame)
    assert (small.users, small.feature, body(small)["seq"]) == (PAIR, "read", 7)
    assert large.users == {"u1"}
    hundred = route(given.read(5, "u1"), CROWD - {"u100"})
    assert isinstance(hundred, Frame)
    assert len(hundred.users) == 100


def test_typing_is_shown_to_the_others_of_a_small_room() -> None:
    routed = route_typing(given.typing("alice"), PAIR)
    assert routed is not None
    assert (set(routed.users), routed.feature) == ({"bob"}, "typing")
    assert body(routed) == {"type": "TYPING", "chatRoomId": "lobby", "userId": "alice"}


def test_typing_of_a_stranger_or_in_a_large_room_is_dropped() -> None:
    assert route_typing(given.typing("dave"), PAIR) is None
    assert route_typing(given.typing("u1"), CROWD) is None


def test_presence_is_shown_to_who_shares_a_room_that_is_not_too_large() -> None:
    value = given.presence("alice", 1, given.socket("a"), version=4)
    routed = route_presence(value, [PAIR, {"alice", "carol", "dave"}], participants_most=2)
    assert routed is not None
    assert (routed.users, routed.feature) == (PAIR, "presence")
    assert body(routed) == {
        "type": "PRESENCE",
        "userId": "alice",
        "status": "online",
        "lastSeenAt": given.AT,
        "version": 4,
    }
    assert route_presence(value, [], participants_most=500) is None


def test_what_changed_nothing_is_told_to_nobody() -> None:
    fact = NothingChanged(
        event_id="f",
        occurred_at=given.AT,
        chat_room_id="lobby",
        submission=SubmissionRef(partition=0, offset=1, event_id="s"),
        command="sendMessage",
    )
    assert route(fact, PAIR) is None
