"""What a start leaves is never looked through again, and garbage that comes later is still found."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from chassis import garbage


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The collector of the test's own process."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()


class Ring:
    """Refers to itself: counting references never frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_a_start_leaves_is_never_looked_through_again() -> None:
    gc.disable()
    left = [Ring() for _ in range(100)]
    garbage.settled()
    assert gc.get_freeze_count() > len(left)
    assert not any(isinstance(each, Ring) for each in gc.get_objects())


def test_garbage_of_a_start_is_not_kept_for_ever() -> None:
    gc.disable()
    gone = weakref.ref(Ring())
    garbage.settled()
    assert gone() is None


def test_garbage_that_comes_later_is_found_without_being_asked_for() -> None:
    gc.disable()
    garbage.settled()
    gone = weakref.ref(Ring())
    alive: list[Ring] = []
    while gone() is not None and len(alive) <= 10 * garbage.YOUNG:
        alive.append(Ring())
    assert gone() is None
