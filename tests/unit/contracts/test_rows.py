"""The attributes of the records are those of spec 5; those of the keys are in test_table.py."""

import msgspec
import pytest

from contracts import rows


def attributes(row: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(row)}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (rows.ConnectionRow, "connectionId userId gatewayId epoch connectedAt features ttl"),
        (rows.UserConnectionRow, "connectionId gatewayId epoch connectedAt ttl"),
        (rows.ProfileRow, "userId verificationStatus displayName updatedAt unnamed"),
        (rows.MembershipRow, "chatRoomId joinedAt lastReadSeq"),
        (rows.RoomRow, "chatRoomId name participantIds createdBy createdAt"),
        (rows.LastMessageRow, "lastMessageAt lastMessage messageId senderId seq"),
        (
            rows.MessageRow,
            "messageId chatRoomId senderId content messageType createdAt timestamp seq clientMessageId",
        ),
        (rows.ClientMessageRow, "messageId timestamp seq"),
        (rows.FenceRow, "seq timestamp facts"),
        (rows.OutcomeRow, "code chatRoomId ttl"),
        (rows.CheckpointRow, "claim"),
        (rows.DirectoryRow, "userId displayName"),
    ],
)
def test_a_row_has_the_attributes_of_the_source_design_and_its_position(row: type[rows.Row], expected: str) -> None:
    assert attributes(row) == {*expected.split(), "position"}


def test_the_log_id_names_topic_ids_and_partition_counts() -> None:
    assert attributes(rows.LogIdRow) == {"topics", "partitions"}
