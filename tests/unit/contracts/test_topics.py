"""The table of topics says what spec 11 says."""

from contracts.envelope import type_of
from contracts.topics import BY_NAME, DAY_MS, FOR_EVER, HOUR_MS, TOPICS


def test_the_topics_carry_the_events_of_the_specification() -> None:
    assert {topic.name: {type_of(event) for event in topic.events} for topic in TOPICS} == {
        "chat.connections": {"connected", "disconnected", "retired"},
        "chat.submissions": {"sendMessage", "createRoom", "addParticipants", "removeParticipant", "markRead"},
        "chat.rooms": {
            "messagePosted",
            "messageRejected",
            "roomCreated",
            "participantsAdded",
            "participantRemoved",
            "messagesRead",
            "commandRejected",
            "nothingChanged",
        },
        "chat.users": {"profileUpdated"},
        "chat.signals": {"typing"},
        "chat.presence": {"presenceChanged"},
        "chat.gateways": {"leaseRenewed", "stopped", "tick"},
        "chat.controls": {"sessionsRevoked", "closeConnection", "epochLapsed"},
        "chat.deliveries": {"pushed"},
        "chat.dead-letters": set(),
    }


def test_what_the_table_is_folded_from_is_kept_for_ever() -> None:
    assert {t.name for t in TOPICS if t.retention_ms == FOR_EVER and not t.compacted and t.events} == {
        "chat.submissions",
        "chat.rooms",
        "chat.users",
    }


def test_the_other_retentions_are_those_of_the_specification() -> None:
    kept = {t.name: t.retention_ms for t in TOPICS if t.retention_ms != FOR_EVER}
    assert kept == {
        "chat.connections": 30 * DAY_MS,
        "chat.signals": HOUR_MS,
        "chat.controls": DAY_MS,
        "chat.deliveries": 30 * DAY_MS,
        "chat.dead-letters": 30 * DAY_MS,
    }
    assert {t.name for t in TOPICS if t.compacted} == {"chat.presence", "chat.gateways"}


def test_leases_and_orders_have_one_order_each() -> None:
    assert {t.name for t in TOPICS if t.single_partition} == {"chat.gateways", "chat.controls"}


def test_no_event_type_is_carried_by_two_topics() -> None:
    types = [type_of(event) for topic in TOPICS for event in topic.events]
    assert len(types) == len(set(types))
    assert set(BY_NAME) == {topic.name for topic in TOPICS}
