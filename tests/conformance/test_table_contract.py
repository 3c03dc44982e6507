"""What chassis.table.TablePort promises, proved of the real table and of the double: so the double may be trusted.

Every test uses keys of its own, so one table serves them all.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from chassis.actions import Check, Delete, Put, absent, position_below, position_is
from chassis.items import Item, item, key_of
from chassis.settings import TableSettings
from chassis.table import Table, TablePort, TableScans
from chassis.table_errors import ConditionFailed, TableRefused
from chassis.table_schema import ensure_table
from contracts.rows import CheckpointRow, FenceRow
from contracts.table import Key
from tests.doubles.table import MemoryTable


class Scanned(TablePort, TableScans, Protocol):
    """All that there is."""


@pytest.fixture(scope="module", params=["memory", pytest.param("dynamodb", marks=pytest.mark.engine)])
async def table(request: pytest.FixtureRequest) -> AsyncIterator[TablePort]:
    if request.param == "memory":
        yield MemoryTable()
        return
    engine = request.getfixturevalue("engines").dynamodb
    settings = TableSettings(
        table=f"t-{uuid.uuid4().hex[:8]}",
        dynamodb_endpoint=engine.endpoint,
        region=engine.region,
        access_key_id=engine.access_key_id,
        secret_access_key=engine.secret_access_key,
    )
    await asyncio.to_thread(ensure_table, settings)
    real = Table(settings)
    yield real
    await real.close()


@pytest.fixture
def pk() -> str:
    return f"TEST#{uuid.uuid4().hex}"


def at(pk: str, sk: str, position: int = 0) -> Item:
    return item(Key(pk, sk), CheckpointRow(position=position))


def blob(pk: str, sk: str, size: int) -> Item:
    return item(Key(pk, sk), FenceRow(position=0, seq=0, timestamp=0, facts=(b"x" * size,)))


async def test_what_was_put_is_read_back_as_it_was(table: TablePort, pk: str) -> None:
    facts = (b"\x00a", b"")
    row = item(Key(pk, "FENCE"), FenceRow(position=7, seq=2**53 - 1, timestamp=1_753_900_201_004, facts=facts))
    await table.write(Put(row))
    assert await table.get(Key(pk, "FENCE")) == row


async def test_what_is_not_there_is_none(table: TablePort, pk: str) -> None:
    assert await table.get(Key(pk, "none")) is None


async def test_a_batch_of_reads_gives_those_that_exist_each_once(table: TablePort, pk: str) -> None:
    for number in range(3):
        await table.write(Put(at(pk, f"{number}", number)))
    keys = [Key(pk, f"{number}") for number in range(250)]
    found = await table.batch_get([*keys, keys[0]])
    assert found == {Key(pk, f"{number}"): at(pk, f"{number}", number) for number in range(3)}


async def test_no_keys_give_no_items(table: TablePort) -> None:
    assert await table.batch_get([]) == {}


async def test_a_query_follows_the_order_of_the_sort_keys(table: TablePort, pk: str) -> None:
    names = ["a#1", "a#10", "a#2", "b#é", "b#z", "b#あ"]
    for name in reversed(names):
        await table.write(Put(at(pk, name)))
    assert [found["SK"]["S"] for found in await table.query(pk)] == ["a#1", "a#10", "a#2", "b#z", "b#é", "b#あ"]
    assert [found["SK"]["S"] for found in await table.query(pk, begins_with="a#", ascending=False)] == [
        "a#2",
        "a#10",
        "a#1",
    ]
    assert [found["SK"]["S"] for found in await table.query(pk, between=("a#10", "b#z"))] == ["a#10", "a#2", "b#z"]
    assert [found["SK"]["S"] for found in await table.query(pk, begins_with="a#", limit=2)] == ["a#1", "a#10"]


async def test_a_put_on_absence_succeeds_once(table: TablePort, pk: str) -> None:
    await table.write(Put(at(pk, "x", 1), absent()))
    with pytest.raises(ConditionFailed):
        await table.write(Put(at(pk, "x", 2), absent()))
    assert await table.get(Key(pk, "x")) == at(pk, "x", 1)


async def test_a_put_on_a_position_needs_exactly_that_one(table: TablePort, pk: str) -> None:
    with pytest.raises(ConditionFailed):
        await table.write(Put(at(pk, "x", 2), position_is(1)))
    await table.write(Put(at(pk, "x", 1)))
    await table.write(Put(at(pk, "x", 2), position_is(1)))
    with pytest.raises(ConditionFailed):
        await table.write(Put(at(pk, "x", 3), position_is(1)))
    assert await table.get(Key(pk, "x")) == at(pk, "x", 2)


async def test_a_put_on_a_lower_position_only_rises(table: TablePort, pk: str) -> None:
    await table.write(Put(at(pk, "x", 9), position_below(9)))
    await table.write(Put(at(pk, "x", 10), position_below(10)))
    for late in (9, 10):
        with pytest.raises(ConditionFailed):
            await table.write(Put(at(pk, "x", late), position_below(late)))
    assert await table.get(Key(pk, "x")) == at(pk, "x", 10)


async def test_removing_what_is_not_there_succeeds(table: TablePort, pk: str) -> None:
    await table.write(Delete(Key(pk, "x")))
    await table.transact([Delete(Key(pk, "y"))])
    assert await table.query(pk) == []


async def test_a_transaction_happens_wholly_or_not_at_all(table: TablePort, pk: str) -> None:
    await table.write(Put(at(pk, "gone", 1)))
    await table.transact([Put(at(pk, "a")), Put(at(pk, "b"), absent()), Delete(Key(pk, "gone"))])
    with pytest.raises(ConditionFailed) as failed:
        await table.transact([Put(at(pk, "c")), Put(at(pk, "b", 5), absent()), Delete(Key(pk, "a"))])
    assert failed.value.reasons == ("None", "ConditionalCheckFailed", "None")
    assert [found["SK"]["S"] for found in await table.query(pk)] == ["a", "b"]


async def test_a_check_writes_nothing_and_stops_the_rest(table: TablePort, pk: str) -> None:
    await table.transact([Check(Key(pk, "x"), absent()), Put(at(pk, "a"))])
    with pytest.raises(ConditionFailed):
        await table.transact([Check(Key(pk, "a"), absent()), Put(at(pk, "b"))])
    assert await table.query(pk) == [at(pk, "a")]


async def test_a_hundred_actions_fit_and_one_more_does_not(table: TablePort, pk: str) -> None:
    await table.transact([Put(at(pk, f"{number}")) for number in range(100)])
    with pytest.raises(TableRefused):
        await table.transact([Put(at(pk, f"more {number}")) for number in range(101)])
    assert len(await table.query(pk)) == 100


async def test_no_action_and_two_on_one_item_are_refused(table: TablePort, pk: str) -> None:
    with pytest.raises(TableRefused):
        await table.transact([])
    with pytest.raises(TableRefused):
        await table.transact([Put(at(pk, "a")), Delete(Key(pk, "a"))])
    assert await table.query(pk) == []


async def test_an_item_just_under_the_limit_fits_and_one_over_it_does_not(table: TablePort, pk: str) -> None:
    await table.write(Put(blob(pk, "big", 409_000)))
    for refused in (table.write, lambda put: table.transact([put])):
        with pytest.raises(TableRefused):
            await refused(Put(blob(pk, "bigger", 410_000)))
    assert len(await table.query(pk)) == 1


async def test_a_key_that_is_too_long_is_refused(table: TablePort, pk: str) -> None:
    with pytest.raises(TableRefused):
        await table.write(Put(at(pk, "x" * 1025)))
    with pytest.raises(TableRefused):
        await table.transact([Put(at(pk + "x" * 2048, "x"))])


async def test_a_transaction_over_four_megabytes_is_refused(table: TablePort, pk: str) -> None:
    with pytest.raises(TableRefused):
        await table.transact([Put(blob(pk, f"{number}", 390_000)) for number in range(11)])
    assert await table.query(pk) == []


async def test_a_scan_brings_every_item_once_those_of_a_key_in_order(table: Scanned, pk: str) -> None:
    for number in range(25):
        await table.write(Put(at(f"{pk}{number % 3}", f"SK#{number:03d}", number)))
    found: dict[str, list[str]] = {}
    for segment in range(2):
        async for page in table.scan(segment, 2, page=4):
            assert len(page) <= 4
            for stored in page:
                key = key_of(stored)
                if key.pk.startswith(pk):
                    assert stored == await table.get(key)
                    found.setdefault(key.pk, []).append(key.sk)
    assert found == {f"{pk}{n}": [f"SK#{number:03d}" for number in range(n, 25, 3)] for n in range(3)}


async def test_a_scan_of_keys_brings_positions_and_nothing_else(table: Scanned, pk: str) -> None:
    await table.write(Put(blob(pk, "FENCE", 9)))
    pages = [page async for page in table.scan(0, 1, keys_only=True)]
    (mine,) = [stored for page in pages for stored in page if key_of(stored).pk == pk]
    assert mine == {"PK": {"S": pk}, "SK": {"S": "FENCE"}, "position": {"N": "0"}}
