from chassis.lanes import Lanes, Limits
from chassis.records import Record


def record(offset: int, key: str, *, partition: int = 0, size: int = 1) -> Record:
    return Record("t", partition, offset, 0, key.encode(), b"x" * size)


def by_key() -> Lanes:
    return Lanes(lambda record: record.key)


def offsets(records: list[Record]) -> list[int]:
    return [record.offset for record in records]


def test_a_lane_in_flight_does_not_start_again_and_collects_what_comes() -> None:
    lanes = by_key()
    lanes.add(record(0, "a"))
    lane = lanes.next()
    assert lane is not None
    assert offsets(lane.take(Limits())) == [0]
    lanes.add(record(1, "a"))
    lanes.add(record(2, "a"))
    assert lanes.next() is None
    lanes.release(lane)
    again = lanes.next()
    assert again is lane
    assert offsets(again.take(Limits())) == [1, 2]


def test_lanes_take_turns() -> None:
    lanes = by_key()
    for offset, key in enumerate("aabb"):
        lanes.add(record(offset, key))
    names = []
    for _ in range(4):
        lane = lanes.next()
        assert lane is not None
        names.append(lane.name)
        lane.take(Limits(batch_records=1))
        lanes.release(lane)
    assert names == [b"a", b"b", b"a", b"b"]


def test_a_batch_keeps_to_records_and_bytes_but_has_at_least_one_record() -> None:
    lanes = by_key()
    for offset in range(3):
        lanes.add(record(offset, "a", size=1_000))
    lane = lanes.next()
    assert lane is not None
    assert offsets(lane.take(Limits(batch_bytes=10))) == [0]
    assert offsets(lane.take(Limits(batch_bytes=10_000, batch_records=1))) == [1]


def test_what_is_put_back_comes_first() -> None:
    lanes = by_key()
    for offset in range(3):
        lanes.add(record(offset, "a"))
    lane = lanes.next()
    assert lane is not None
    batch = lane.take(Limits(batch_records=2))
    assert lane.put_back(batch[1:])
    assert offsets(lane.take(Limits())) == [1, 2]


def test_a_dropped_partition_is_forgotten_even_where_a_batch_is_in_flight() -> None:
    lanes = by_key()
    lanes.add(record(0, "a", partition=1))
    lanes.add(record(0, "b", partition=2))
    lane = lanes.next()
    assert lane is not None
    batch = lane.take(Limits())
    lanes.add(record(1, "a", partition=1))
    assert offsets(lanes.drop("t", 1)) == [1]
    assert not lane.put_back(batch)
    lanes.release(lane)
    other = lanes.next()
    assert other is not None
    assert other.partition == 2
    assert lanes.next() is None


def test_a_lane_that_came_back_after_a_drop_is_not_forgotten_with_its_predecessor() -> None:
    lanes = by_key()
    lanes.add(record(0, "a"))
    old = lanes.next()
    assert old is not None
    old.take(Limits())
    lanes.drop("t", 0)
    lanes.add(record(0, "a"))
    lanes.release(old)
    lanes.add(record(1, "a"))
    new = lanes.next()
    assert new is not None
    assert offsets(new.take(Limits())) == [0, 1]
