import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.items import attribute, item, key_of, plain, row
from contracts import table
from contracts.rows import FenceRow, MessageRow, RoomRow

VALUES = st.recursive(
    st.text() | st.integers(-(10**18), 10**18) | st.binary() | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_a_value_reads_back_as_it_was(value: object) -> None:
    assert plain(attribute(value)) == value


def test_a_row_reads_back_and_absent_fields_stay_absent() -> None:
    message = MessageRow(
        position=4,
        message_id="m",
        chat_room_id="lobby",
        sender_id="alice",
        content="hi",
        message_type="user",
        created_at="2023-11-14T22:13:20.123Z",
        timestamp=1_700_000_000_123,
        seq=1,
    )
    stored = item(table.message("lobby", message.timestamp, "m"), message)
    assert stored["timestamp"] == {"N": "1700000000123"}
    assert "clientMessageId" not in stored
    assert key_of(stored) == ("CHATROOM#lobby", "MESSAGE#1700000000123#m")
    assert row(MessageRow, stored) == message


def test_participants_are_a_list_and_facts_are_binary() -> None:
    room = RoomRow(position=0, chat_room_id="r", name="R", participant_ids=("a", "b"), created_by="a", created_at="")
    assert item(table.room("r"), room)["participantIds"] == {"L": [{"S": "a"}, {"S": "b"}]}
    fence = FenceRow(position=0, seq=0, timestamp=0, facts=(b"{}",))
    stored = item(table.fence("r"), fence)
    assert stored["facts"] == {"L": [{"B": b"{}"}]}
    assert row(FenceRow, stored) == fence


def test_what_has_no_type_is_a_bug() -> None:
    with pytest.raises(TypeError, match="no attribute type for object"):
        attribute(object())
