"""Where a partition is read from when it is assigned."""

import pytest
from aiokafka import TopicPartition

from services.fanout.partition import Takeover
from services.fanout.takeover import plan

PARTITION = TopicPartition("chat.rooms", 0)
WINDOW_MS = 60_000


class Log:
    """Broker times of records from offset `first` on."""

    def __init__(self, *times: int, first: int = 0) -> None:
        self.times = times
        self.first = first

    async def range(self, _partition: TopicPartition) -> tuple[int, int]:
        return self.first, self.first + len(self.times)

    async def time_of(self, _partition: TopicPartition, offset: int) -> int:
        return self.times[offset - self.first]

    async def offset_at(self, _partition: TopicPartition, time_ms: int) -> int | None:
        found = [index for index, held in enumerate(self.times) if held >= time_ms]
        return self.first + found[0] if found else None


LOG = Log(10_000, 20_000, 50_000, 90_000, 100_000)


async def test_reading_begins_60_s_before_the_last_committed_record() -> None:
    assert await plan(PARTITION, 4, LOG, WINDOW_MS) == Takeover(
        start=2, committed=4, end=5, reaches_ms=30_000, repeats_from_ms=30_000, committed_ms=90_000
    )


async def test_nothing_is_missing_where_the_log_begins_inside_the_window() -> None:
    takeover = await plan(PARTITION, 3, LOG, WINDOW_MS)
    assert (takeover.start, takeover.reaches_ms, takeover.repeats_from_ms) == (0, 0, -10_000)


@pytest.mark.parametrize("committed", [None, 0])
async def test_an_empty_log_is_read_from_its_beginning(committed: int | None) -> None:
    assert await plan(PARTITION, committed, Log(), WINDOW_MS) == Takeover(start=0, committed=0)


async def test_where_nothing_is_committed_all_since_the_beginning_is_new() -> None:
    assert await plan(PARTITION, 0, LOG, WINDOW_MS) == Takeover(start=0, committed=0, end=5)


async def test_a_group_that_never_committed_begins_60_s_before_the_newest_record() -> None:
    assert await plan(PARTITION, None, LOG, WINDOW_MS) == Takeover(start=2, committed=2, end=5, reaches_ms=40_000)


async def test_a_committed_offset_outside_of_the_log_is_brought_back_into_it() -> None:
    assert (await plan(PARTITION, 99, LOG, WINDOW_MS)).committed == 5
    assert (await plan(PARTITION, 1, Log(10_000, 20_000, first=5), WINDOW_MS)).start == 5
