import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import table
from contracts.table import Key


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (table.connection("L0SM9cOFvHcCIhw="), ("CONNECTION#L0SM9cOFvHcCIhw=", "METADATA")),
        (table.user_connection("alice", "L0SM9cOFvHcCIhw="), ("USER#alice", "CONNECTION#L0SM9cOFvHcCIhw=")),
        (table.profile("alice"), ("USER#alice", "PROFILE")),
        (table.membership("alice", "lobby"), ("USER#alice", "CHATROOM#lobby")),
        (table.room("lobby"), ("CHATROOM#lobby", "METADATA")),
        (table.last_message("lobby"), ("CHATROOM#lobby", "LASTMESSAGE")),
        (table.message("lobby", 1_700_000_000_123, "m-1"), ("CHATROOM#lobby", "MESSAGE#1700000000123#m-1")),
        (table.client_message("lobby", "alice", "k-1"), ("CHATROOM#lobby", "CLIENTMESSAGE#alice#k-1")),
        (table.fence("lobby"), ("CHATROOM#lobby", "FENCE")),
        (table.outcome("e-1"), ("COMMAND#e-1", "OUTCOME")),
        (table.checkpoint("chat.submissions", 7), ("PARTITION#chat.submissions#7", "CHECKPOINT")),
        (table.directory_name("Alice 有栖", "alice"), ("DIRECTORY", "NAME#alice 有栖#alice")),
        (table.LOG_ID, ("LOG", "ID")),
    ],
)
def test_the_keys_are_those_of_the_source_design(key: Key, expected: tuple[str, str]) -> None:
    assert key == expected


times = st.integers(min_value=0, max_value=9_999_999_999_999)


@given(times, times)
def test_message_keys_sort_as_their_timestamps(one: int, other: int) -> None:
    first, second = (table.message("r", moment, "m").sk for moment in (one, other))
    assert (first < second) == (one < other)


@given(times)
def test_the_prefix_of_a_timestamp_starts_its_messages_and_nobody_elses(moment: int) -> None:
    prefix = table.message_sort_prefix(moment)
    assert table.message("r", moment, "m").sk.startswith(prefix)
    assert not table.message("r", moment + 1, "m").sk.startswith(prefix)


@given(st.text("abcXYZ 有栖ñÉ", max_size=20), st.integers(min_value=0, max_value=20))
def test_a_person_is_found_by_the_start_of_the_name_whatever_its_case(name: str, length: int) -> None:
    row = table.directory_name(name, "u").sk
    assert row.startswith(table.directory_prefix(name[:length].upper()))
    assert row.startswith(table.directory_prefix(name[:length].lower()))
