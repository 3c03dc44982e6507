import asyncio

import pytest

from chassis.health import Health
from services.presence.insist import Insist, Revoked


class Away(Exception):
    code = "AWAY"
    retryable = True


class Work:
    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.missing: list[dict[str, str]] = []
        self.health = Health()
        self.health.started()

    async def __call__(self) -> str:
        self.missing.append(self.health.missing())
        if self.errors:
            raise self.errors.pop(0)
        return "done"


async def test_what_is_away_is_tried_again_and_readiness_tells_it() -> None:
    work = Work(Away("gone"), TimeoutError())
    assert await Insist("partition 1", work.health)(work) == "done"
    assert work.missing[0] == {}
    assert work.missing[1] == {"partition 1": "AWAY: gone"}
    assert work.health.ready


async def test_what_no_retry_can_mend_is_raised_at_once() -> None:
    work = Work(ValueError("bad"))
    with pytest.raises(ValueError, match="bad"):
        await Insist("p", work.health)(work)
    assert len(work.missing) == 1


async def test_what_is_no_longer_ours_is_not_repeated_and_not_missed() -> None:
    work = Work(*[Away("gone")] * 1000)
    insist = Insist("p", work.health)
    task = asyncio.create_task(insist(work))
    await asyncio.sleep(0)
    insist.give_up()
    with pytest.raises(Revoked):
        await asyncio.wait_for(task, 5)
    assert work.health.ready


async def test_a_pause_ends_early_when_the_work_is_given_up() -> None:
    insist = Insist("p", Health())
    task = asyncio.create_task(insist.pause(60.0))
    await asyncio.sleep(0)
    insist.give_up()
    with pytest.raises(Revoked):
        await asyncio.wait_for(task, 5)
