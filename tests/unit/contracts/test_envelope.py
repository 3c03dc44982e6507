import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import ContractError, EventDecoder, Undecodable, UnknownType, UnknownVersion, encode
from contracts.signals import Typing
from contracts.topics import SIGNALS, SUBMISSIONS

TYPING = {
    "type": "typing",
    "version": 1,
    "eventId": "5f0c4a56-53a4-4f2c-9c54-3d9f0a3a3c11",
    "occurredAt": "2025-07-30T18:30:00.500Z",
    "chatRoomId": "lobby",
    "userId": "alice",
    "connectionId": "L6SwwVzZ2r0rC8E=",
}


def wire(**changes: object) -> bytes:
    return json.dumps(TYPING | changes).encode()


def test_an_unknown_field_in_an_event_we_write_is_a_bug_at_construction() -> None:
    with pytest.raises(TypeError, match="mood"):
        Typing(  # type: ignore[call-arg]
            event_id="e", occurred_at="t", chat_room_id="r", user_id="u", connection_id="c", mood="happy"
        )


def test_a_missing_field_in_an_event_we_write_is_a_bug_at_construction() -> None:
    with pytest.raises(TypeError, match="connection_id"):
        Typing(event_id="e", occurred_at="t", chat_room_id="r", user_id="u")  # type: ignore[call-arg]


def test_an_unknown_field_in_an_event_we_read_is_ignored() -> None:
    assert SIGNALS.decode(wire(mood="happy")) == SIGNALS.decode(wire())


def test_the_type_comes_first_on_the_wire_so_that_a_person_sees_it() -> None:
    assert encode(SIGNALS.decode(wire())).startswith(b'{"type":"typing","version":1,')


def test_an_unknown_type_is_named_and_is_bad_in_itself() -> None:
    with pytest.raises(UnknownType, match="'yodelling'") as raised:
        SIGNALS.decode(wire(type="yodelling"))
    assert (raised.value.code, raised.value.retryable) == ("UNKNOWN_TYPE", False)


def test_a_type_of_another_topic_is_unknown_here() -> None:
    with pytest.raises(UnknownType):
        SUBMISSIONS.decode(wire())


@pytest.mark.parametrize("version", [0, 2, 99])
def test_an_unknown_version_of_a_known_type_waits_for_newer_code(version: int) -> None:
    with pytest.raises(UnknownVersion, match=f"typing has no version {version}") as raised:
        SIGNALS.decode(wire(version=version))
    assert (raised.value.code, raised.value.retryable) == ("UNKNOWN_VERSION", True)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"not json",
        b"null",
        b"[]",
        b'"typing"',
        b"\xff\xfe",
        b'{"type":"typing","userId":"\xff"}',
        b"[" * 100_000,
        wire(version="1"),
        wire(type=7),
        wire(userId=7),
        wire(userId="has#hash"),
        wire(userId="ends in a newline\n"),
        wire(connectionId="short"),
        json.dumps({key: value for key, value in TYPING.items() if key != "userId"}).encode(),
        json.dumps({key: value for key, value in TYPING.items() if key != "version"}).encode(),
    ],
)
def test_what_is_not_an_event_is_undecodable_and_bad_in_itself(value: bytes | None) -> None:
    with pytest.raises(Undecodable) as raised:
        SIGNALS.decode(value)
    assert (raised.value.code, raised.value.retryable) == ("UNDECODABLE", False)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_contract_error(value: bytes) -> None:
    with pytest.raises(ContractError):
        SIGNALS.decode(value)


def test_the_reason_names_the_place_and_never_shows_the_content() -> None:
    with pytest.raises(Undecodable) as raised:
        SIGNALS.decode(wire(userId="secret#value"))
    assert "userId" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_type_of_a_topic_without_events_is_unknown() -> None:
    with pytest.raises(UnknownType):
        EventDecoder(())(wire())
