from __future__ import annotations

from io import BytesIO

import pytest
from aiokafka.errors import KafkaError

from chassis.topic_ids import _AllTopics, _MetadataRequestV12, _MetadataResponseV12, _state

UUID = bytes(range(16))


def entry(error_code: int = 0, leader: int = 1) -> tuple[object, ...]:
    partitions: list[tuple[object, ...]] = [
        (0, 0, leader, 7, [1, 2, 3], [1, 2], [], {}),
        (0, 1, 1, 7, [1, 2], [1], [], {}),
    ]
    return (error_code, "chat.rooms", UUID, False, partitions, 0, {})


def read(topic: tuple[object, ...]) -> dict[str, object]:
    response = _MetadataResponseV12(0, [(1, "k", 9092, None, {})], "cluster", 1, [topic], {})
    decoded = _MetadataResponseV12.decode(BytesIO(response.encode()))
    (found,) = decoded.to_object()["topics"]
    return dict(found)


def test_an_answer_reads_back_as_it_was_written() -> None:
    state = _state(read(entry()))
    assert state.identity.id == "AAECAwQFBgcICQoLDA0ODw"
    assert (state.identity.partitions, state.replication, state.led) == (2, 2, True)


def test_a_partition_without_a_leader_is_not_ready() -> None:
    assert not _state(read(entry(leader=-1))).led


def test_an_error_of_the_broker_is_raised() -> None:
    with pytest.raises(KafkaError, match=r"chat\.rooms"):
        _state(read(entry(error_code=29)))


def test_all_topics_are_asked_for_and_none_is_made_by_asking() -> None:
    assert _AllTopics().prepare({3: (0, 13)}).encode() == b"\x00\x00\x00\x00"


def test_a_broker_too_old_for_topic_ids_is_refused() -> None:
    assert _MetadataRequestV12.API_VERSION == 12
    with pytest.raises(NotImplementedError):
        _AllTopics().prepare({3: (0, 11)})
