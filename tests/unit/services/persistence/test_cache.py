"""Rooms in memory: bounded by the people in them."""

from contracts.rows import FenceRow, RoomRow
from services.persistence.cache import KnownRoom, RoomCache


def room(people: int) -> KnownRoom:
    row = RoomRow(
        position=1,
        chat_room_id="r",
        name="n",
        participant_ids=tuple(f"u{number}" for number in range(people)),
        created_by="u0",
        created_at="t",
    )
    return KnownRoom(FenceRow(position=1, seq=0, timestamp=0, facts=()), row)


def test_the_room_used_least_recently_goes_first() -> None:
    cache = RoomCache(most_weight=59)
    for name in ("a", "b", "c"):
        cache.put(name, room(5))
    assert cache.get("a")
    cache.put("d", room(5))
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]


def test_a_large_room_pushes_out_many_and_one_that_is_too_large_is_not_held() -> None:
    cache = RoomCache(most_weight=100)
    for name in ("a", "b", "c"):
        cache.put(name, room(1))
    cache.put("large", room(80))
    assert [name for name in ("a", "b", "c", "large") if cache.get(name)] == ["large"]
    cache.put("huge", room(500))
    assert len(cache) == 0


def test_a_room_that_is_put_again_counts_once() -> None:
    cache = RoomCache(most_weight=25)
    for _ in range(10):
        cache.put("a", room(5))
    cache.put("b", room(0))
    assert cache.get("a")
    assert cache.get("b")


def test_what_is_dropped_is_gone_and_its_weight_with_it() -> None:
    cache = RoomCache(most_weight=15)
    cache.put("a", room(5))
    cache.drop("a")
    cache.drop("never there")
    assert cache.get("a") is None
    cache.put("b", room(5))
    assert cache.get("b")
    cache.clear()
    assert len(cache) == 0
