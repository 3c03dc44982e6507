"""Where a partition is read from when it is assigned."""

from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.assignment import Assignment, start_of
from chassis.offsets import Offsets


@pytest.mark.parametrize(
    ("earliest", "committed", "asked", "start", "counts_from"),
    [
        (0, 50, None, 50, 50),
        (0, 50, 20, 20, 50),
        (0, 50, 70, 50, 50),
        (30, 50, 20, 30, 50),
        (60, 50, None, 60, 60),
    ],
)
def test_reading_may_begin_before_the_committed_offset_and_never_after_it(
    earliest: int, committed: int, asked: int | None, start: int, counts_from: int
) -> None:
    assert start_of(earliest, committed, asked) == (start, counts_from)


def test_a_group_that_never_committed_begins_at_the_earliest_record() -> None:
    assert start_of(7, None, None) == (7, 7)


def test_a_group_that_never_committed_begins_where_it_asks() -> None:
    assert start_of(7, None, 20) == (20, 20)
    assert start_of(7, None, 3) == (7, 7)


PLACE = TopicPartition("t", 0)


class Seeks:
    """A consumer that remembers where it was sent."""

    def __init__(self) -> None:
        self.to: list[tuple[TopicPartition, int]] = []

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.to.append((partition, offset))


def active(start: int = 5, committed: int = 5) -> tuple[Assignment, Any]:
    assignment, consumer = Assignment(), Seeks()
    assignment.assigned([PLACE])
    assignment.activate(cast("AIOKafkaConsumer", consumer), {PLACE: (start, committed)})
    return assignment, consumer


def test_every_rebalance_and_every_activation_changes_the_serial() -> None:
    assignment, _ = active()
    serials = [assignment.serial]
    assignment.revoked()
    serials.append(assignment.serial)
    assignment.assigned([PLACE])
    serials.append(assignment.serial)
    assert len(set(serials)) == 3


def test_fresh_partitions_are_given_out_once() -> None:
    assignment = Assignment()
    assignment.assigned([PLACE])
    assert assignment.take_fresh() == frozenset({PLACE})
    assert assignment.take_fresh() is None


def test_a_revoked_partition_is_not_retried_but_its_prefix_is_still_committed() -> None:
    assignment, _ = active()
    assignment.active[PLACE].take(5)
    assignment.finish(PLACE, 5)
    assert assignment.may_retry(PLACE)
    assignment.revoked()
    assert not assignment.may_retry(PLACE)
    assert assignment.due() == {PLACE: 6}
    assignment.let_go()
    assert assignment.due() == {}


def test_what_was_read_before_the_committed_offset_does_not_move_it_back() -> None:
    assignment, _ = active(start=2, committed=5)
    assignment.active[PLACE].take(2)
    assignment.finish(PLACE, 2)
    assert assignment.due() == {}


def test_retries_end_when_the_process_stops() -> None:
    assignment, _ = active()
    assignment.stopping()
    assert not assignment.may_retry(PLACE)


def test_the_age_of_a_topic_is_that_of_its_oldest_record_that_is_not_done() -> None:
    assignment = Assignment()
    for number in (0, 1):
        assignment.active[TopicPartition("rooms", number)] = Offsets(0)
    assignment.active[TopicPartition("rooms", 0)].take(0, 4_000)
    assignment.active[TopicPartition("rooms", 1)].take(0, 3_000)
    assert assignment.oldest_s("rooms", 10.0) == 7.0
    assert assignment.oldest_s("rooms", 1.0) == 0.0, "the broker's clock is ahead of ours"
    assignment.finish(TopicPartition("rooms", 1), 0)
    assert assignment.oldest_s("rooms", 10.0) == 6.0
    assert assignment.oldest_s("signals", 10.0) == 0.0
