import asyncio

from gateway.wheel import Wheel
from tests.doubles.gateway import Clock
from tests.waiting import eventually


def test_nothing_is_called_early_and_all_in_its_turn() -> None:
    clock, called = Clock(), list[str]()
    wheel = Wheel(clock=clock)
    wheel.after(1.0, lambda _now: called.append("one"))
    wheel.after(0.5, lambda _now: called.append("half"))
    clock.seconds += 0.49
    wheel.turn()
    assert called == []
    clock.seconds += 0.11
    wheel.turn()
    assert called == ["half"]
    clock.seconds += 0.6
    assert wheel.turn() is None
    assert called == ["half", "one"]


def test_a_time_that_has_passed_comes_in_the_next_turn() -> None:
    clock, called = Clock(), list[float]()
    wheel = Wheel(clock=clock)
    wheel.at(0.0, called.append)
    wheel.turn()
    assert called == [clock()]


def test_a_call_may_set_another() -> None:
    clock, called = Clock(), list[float]()
    wheel = Wheel(clock=clock)

    def again(now: float) -> None:
        called.append(now)
        wheel.after(1.0, again)

    again(clock())
    for _ in range(3):
        clock.seconds += 1.2
        wheel.turn()
    assert len(called) == 4


def test_one_that_fails_stops_no_other() -> None:
    clock, called = Clock(), list[float]()
    wheel = Wheel(clock=clock)

    def broken(_now: float) -> None:
        raise ValueError("a bug")

    wheel.after(0.1, broken)
    wheel.after(0.1, called.append)
    clock.seconds += 1
    wheel.turn()
    assert len(called) == 1


def test_it_says_how_long_it_may_sleep() -> None:
    clock = Clock()
    wheel = Wheel(clock=clock)
    assert wheel.turn() is None
    wheel.after(5.0, lambda _now: None)
    wait_s = wheel.turn()
    assert wait_s is not None
    assert 5.0 <= wait_s <= 5.11


async def test_running_it_wakes_for_what_comes_sooner() -> None:
    wheel, called = Wheel(turn_s=0.01), list[float]()
    task = asyncio.create_task(wheel.run())
    wheel.after(60.0, called.append)
    await asyncio.sleep(0)
    wheel.after(0.01, called.append)
    await eventually(lambda: len(called) == 1, within_s=2, every_s=0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
