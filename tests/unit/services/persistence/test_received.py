"""A record as a submission and its place."""

import pytest

from contracts.envelope import Undecodable, UnknownType, UnknownVersion
from contracts.ids import derived_event_id
from services.persistence.received import WrongKey, receive, trace_of
from tests.doubles.rooms import NOON, REDRIVEN_HEADER, record, send


def test_a_record_becomes_a_submission_at_its_place() -> None:
    asked = send("alice", key="k")
    one = receive(record(asked, 7, timestamp=NOON))
    assert (one.submission, one.partition, one.offset, one.arrived_ms) == (asked, 0, 7, NOON)
    assert not one.redriven
    assert one.fact_id == derived_event_id(asked.event_id, 0)


def test_a_redriven_record_keeps_its_event_and_is_answered_by_another_fact() -> None:
    asked = send("alice")
    one = receive(record(asked, 7, headers=REDRIVEN_HEADER))
    assert one.redriven
    assert one.reference.event_id == asked.event_id
    assert one.fact_id == derived_event_id(asked.event_id, 7)


@pytest.mark.parametrize("key", [None, b"", b"other", b"room\n", b"\xff"])
def test_a_record_under_a_key_that_is_not_its_room_is_refused(key: bytes | None) -> None:
    with pytest.raises(WrongKey):
        receive(record(send("alice"), 7, key=key))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (None, Undecodable),
        (b"not json", Undecodable),
        (b'{"type":"nobodyKnows","version":1}', UnknownType),
        (b'{"type":"sendMessage","version":2}', UnknownVersion),
        (b'{"type":"sendMessage","version":1,"eventId":"e","occurredAt":"t","chatRoomId":"a#b"}', Undecodable),
    ],
)
def test_what_is_no_submission_says_what_is_wrong(value: bytes | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        receive(record(value, 7))


def test_the_trace_goes_on_to_the_fact() -> None:
    trace = ("traceparent", b"00-1-2-01")
    assert trace_of(record(send("alice"), 1, headers=(("other", b"x"), trace))) == (trace,)
    assert trace_of(record(send("alice"), 1)) == ()
