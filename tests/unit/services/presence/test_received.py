import pytest

from contracts.envelope import Undecodable, UnknownType, UnknownVersion
from services.presence.received import NoTime, WrongKey, receive
from tests.unit.services.presence.log import TIME_MS, connected, disconnected, record


def test_an_event_knows_its_place_in_the_log() -> None:
    received = receive(record(connected("alice"), 12))
    assert (received.offset, received.arrived_ms) == (12, TIME_MS + 12)
    assert received.event == connected("alice")


@pytest.mark.parametrize("value", [None, b"not json", b"[]", b"\xff", b'{"type":"connected","version":1}'])
def test_what_is_no_event_is_bad_in_itself(value: bytes | None) -> None:
    with pytest.raises(Undecodable):
        receive(record(value, 0))


def test_an_unknown_type_is_bad_and_an_unknown_version_waits() -> None:
    with pytest.raises(UnknownType):
        receive(record(b'{"type":"danced","version":1}', 0))
    with pytest.raises(UnknownVersion) as newer:
        receive(record(b'{"type":"connected","version":2}', 0))
    assert newer.value.retryable


@pytest.mark.parametrize("key", ["bob", ""])
def test_a_key_that_is_not_the_user_is_bad(key: str) -> None:
    with pytest.raises(WrongKey):
        receive(record(disconnected("alice"), 0, key))


@pytest.mark.parametrize("time", ["", "yesterday", "2025-07-30T18:30:00"])
def test_a_connection_without_a_time_is_bad(time: str) -> None:
    with pytest.raises(NoTime):
        receive(record(connected("alice", connected_at=time), 0))
