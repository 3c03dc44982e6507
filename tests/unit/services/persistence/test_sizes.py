"""Never below DynamoDB's own figures: names and texts in UTF-8, containers 3 bytes and 1 an entry."""

from chassis.items import attribute
from services.persistence.sizes import item_size


def test_texts_count_in_utf_8_with_their_names() -> None:
    assert item_size({"name": attribute("あ")}) == 4 + 3


def test_numbers_count_at_their_longest() -> None:
    assert item_size({"n": attribute(7)}) == 1 + 21


def test_bytes_count_as_they_are() -> None:
    assert item_size({"b": attribute(b"\x00" * 10)}) == 1 + 10


def test_lists_and_maps_count_with_their_entries() -> None:
    assert item_size({"l": attribute(["ab", "c"])}) == 1 + 3 + (1 + 2) + (1 + 1)
    assert item_size({"m": attribute({"k": "v"})}) == 1 + 3 + (1 + 1 + 1)
    assert item_size({"t": attribute(True)}) == 1 + 1
