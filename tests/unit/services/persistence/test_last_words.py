"""Who can be told of a submission that is put aside, and who cannot."""

import json
from typing import Any

import pytest
from msgspec import UNSET, to_builtins

from contracts.submissions import AddParticipants, CreateRoom, MarkRead, RemoveParticipant, SendMessage
from services.persistence.last_words import last_words
from services.persistence.refusals import author_of
from tests.doubles.rooms import SOCKET, add, create, read, record, remove, send


def spoilt(asked: Any, **changes: Any) -> bytes:
    """The event's JSON with some fields replaced; `None` takes one away."""
    fields = to_builtins(asked) | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def test_a_whole_submission_is_answered_as_it_is() -> None:
    asked = send("alice", key="k")
    found = last_words(record(asked, 5))
    assert found
    assert (found.submission, found.offset) == (asked, 5)


@pytest.mark.parametrize(
    ("asked", "kind", "changes"),
    [
        (send("alice", key="k"), SendMessage, {"content": 5}),
        (send("alice", key="k"), SendMessage, {"content": None}),
        (read("alice", 1), MarkRead, {"seq": "many"}),
        (create("alice", "bob"), CreateRoom, {"participantIds": "bob"}),
        (add("alice", "bob"), AddParticipants, {"userIds": ["a b"]}),
        (remove("alice", "bob"), RemoveParticipant, {"userId": None}),
        (create("alice", "bob"), CreateRoom, {"version": 7, "name": None}),
    ],
)
def test_a_spoilt_submission_still_names_its_author_and_room(asked: Any, kind: type, changes: Any) -> None:
    found = last_words(record(spoilt(asked, **changes), 5))
    assert found
    assert isinstance(found.submission, kind)
    assert author_of(found.submission) == "alice"
    assert found.submission.event_id == asked.event_id
    assert found.submission.connection == asked.connection


def test_the_key_and_the_connection_are_kept_where_they_can_be_read() -> None:
    found = last_words(record(spoilt(send("alice", key="k"), content=5), 5))
    assert found
    assert isinstance(found.submission, SendMessage)
    assert (found.submission.client_message_id, found.submission.connection) == ("k", SOCKET)
    lost = last_words(record(spoilt(send("alice"), clientMessageId="a b", connection={"connectionId": 1}), 5))
    assert lost
    assert isinstance(lost.submission, SendMessage)
    assert (lost.submission.client_message_id, lost.submission.connection) == (UNSET, UNSET)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"not json",
        b"[]",
        b"\xff\xfe",
        b"[" * 5_000,
        spoilt(send("alice"), type="nobodyKnows"),
        spoilt(send("alice"), chatRoomId="a#b"),
        spoilt(send("alice"), senderId="a b"),
        spoilt(send("alice"), senderId=None),
        spoilt(send("alice"), eventId=None),
    ],
)
def test_nobody_can_be_told_where_room_author_or_event_are_unknown(value: bytes | None) -> None:
    assert last_words(record(value, 5)) is None


def test_nobody_is_told_in_a_room_that_is_not_the_records_key() -> None:
    assert last_words(record(send("alice"), 5, key=b"other")) is None
    assert last_words(record(spoilt(send("alice"), content=1), 5, key=b"other")) is None
