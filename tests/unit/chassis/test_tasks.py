"""Tasks that live as long as their process."""

import asyncio

import pytest

from chassis.tasks import first_of, happens_within, run_until


async def forever(cancelled: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        cancelled.append("forever")
        raise


async def fail() -> None:
    raise ValueError("broken")


async def nothing() -> None:
    return


async def test_works_are_cancelled_and_awaited_when_it_stops() -> None:
    cancelled: list[str] = []
    await asyncio.wait_for(run_until(asyncio.sleep(0.01), forever(cancelled)), 5)
    assert cancelled == ["forever"]


async def test_the_first_failure_ends_all_and_is_raised() -> None:
    cancelled: list[str] = []
    with pytest.raises(ValueError, match="broken"):
        await asyncio.wait_for(run_until(asyncio.Event().wait(), forever(cancelled), fail()), 5)
    assert cancelled == ["forever"]


async def test_a_work_that_ends_by_itself_ends_nothing_else() -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(run_until(stop.wait(), nothing()))
    await asyncio.wait({running}, timeout=0.05)
    assert not running.done()
    stop.set()
    await asyncio.wait_for(running, 5)


async def test_work_that_ends_first_has_ended() -> None:
    assert await first_of(asyncio.Event(), nothing())


async def test_a_stop_cancels_the_work() -> None:
    cancelled: list[str] = []
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    assert not await first_of(stop, forever(cancelled))
    assert cancelled == ["forever"]


async def test_what_the_work_raised_is_raised() -> None:
    with pytest.raises(ValueError, match="broken"):
        await first_of(asyncio.Event(), fail())


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_in_the_moment_of_the_event_ends_the_waiter(turns: int) -> None:
    event = asyncio.Event()

    async def wait_on() -> None:
        while True:
            event.clear()
            await happens_within(event, 60)

    waiter = asyncio.create_task(wait_on())
    await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    waiter.cancel()
    done, _ = await asyncio.wait({waiter}, timeout=5)
    assert done == {waiter}


async def test_what_does_not_happen_in_time_is_told() -> None:
    event = asyncio.Event()
    assert not await happens_within(event, 0.01)
    event.set()
    assert await happens_within(event, 0.01)
    assert await happens_within(event, None)
