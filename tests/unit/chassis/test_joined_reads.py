import asyncio
from collections.abc import Sequence

import pytest

from chassis.items import Item
from chassis.joined_reads import JoinedReads
from chassis.table_errors import TableRefused, TableUnavailable
from contracts.table import Key, profile
from tests.waiting import eventually

ALICE, BOB, CAROL, DAVE = (profile(name) for name in ("alice", "bob", "carol", "dave"))


def stored(key: Key) -> Item:
    return {"PK": {"S": key.pk}, "SK": {"S": key.sk}}


class Reader:
    """A table that answers when it is told to, and refuses requests with a certain key."""

    def __init__(self, *, refuses: Key | None = None, error: Exception | None = None) -> None:
        self.requests: list[set[Key]] = []
        self.may_answer = asyncio.Event()
        self._refuses, self._error = refuses, error

    async def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        self.requests.append(set(keys))
        await self.may_answer.wait()
        if self._error is not None:
            raise self._error
        if self._refuses in keys:
            raise TableRefused("ValidationException")
        return {key: stored(key) for key in keys if key != DAVE}


async def ask(reads: JoinedReads, *asked: Sequence[Key]) -> list["asyncio.Task[dict[Key, Item]]"]:
    tasks = []
    for keys in asked:
        tasks.append(asyncio.create_task(reads.read(keys)))
        await asyncio.sleep(0)
    return tasks


async def test_an_idle_table_is_asked_at_once() -> None:
    reader = Reader()
    tasks = await ask(JoinedReads(reader.batch_get), [ALICE], [BOB])
    await eventually(lambda: reader.requests == [{ALICE}, {BOB}])
    reader.may_answer.set()
    assert [await task for task in tasks] == [{ALICE: stored(ALICE)}, {BOB: stored(BOB)}]


async def test_what_is_asked_of_a_busy_table_goes_together_and_each_gets_its_own() -> None:
    reader = Reader()
    tasks = await ask(JoinedReads(reader.batch_get), [ALICE], [ALICE], [BOB, DAVE], [BOB, CAROL])
    reader.may_answer.set()
    answers = [await task for task in tasks]
    assert reader.requests == [{ALICE}, {ALICE}, {BOB, CAROL, DAVE}]
    assert [set(answer) for answer in answers] == [{ALICE}, {ALICE}, {BOB}, {BOB, CAROL}]


async def test_no_more_than_a_hundred_keys_go_together() -> None:
    reader = Reader()
    many = [[profile(f"u{asked}-{number}") for number in range(40)] for asked in range(3)]
    tasks = await ask(JoinedReads(reader.batch_get), [ALICE], [BOB], *many)
    reader.may_answer.set()
    await asyncio.gather(*tasks)
    assert [len(request) for request in reader.requests] == [1, 1, 80, 40]


async def test_what_is_wrong_in_one_read_fails_no_other() -> None:
    reader = Reader(refuses=CAROL)
    tasks = await ask(JoinedReads(reader.batch_get), [ALICE], [ALICE], [BOB], [CAROL])
    reader.may_answer.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[2] == {BOB: stored(BOB)}
    assert isinstance(answers[3], TableRefused)


async def test_what_is_away_is_away_for_all_and_asked_once() -> None:
    reader = Reader(error=TableUnavailable("away"))
    tasks = await ask(JoinedReads(reader.batch_get), [ALICE], [ALICE], [BOB], [CAROL])
    reader.may_answer.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(answer, TableUnavailable) for answer in answers)
    assert len(reader.requests) == 3


async def test_who_does_not_wait_any_more_keeps_no_other_from_its_answer() -> None:
    reader = Reader()
    tasks = await ask(JoinedReads(reader.batch_get), [ALICE], [ALICE], [BOB], [CAROL])
    tasks[2].cancel()
    reader.may_answer.set()
    with pytest.raises(asyncio.CancelledError):
        await tasks[2]
    assert await tasks[3] == {CAROL: stored(CAROL)}
