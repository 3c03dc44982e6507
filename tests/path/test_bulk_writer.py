"""Many rows at once into a real table, and a table that asks for patience."""

import uuid
from typing import Any

import pytest

from chassis.bulk_writer import BulkWriter
from chassis.items import item
from chassis.settings import TableSettings
from chassis.table import Table
from chassis.table_errors import TableRefused
from chassis.table_schema import ensure_table
from contracts.rows import CheckpointRow
from contracts.table import Key

pytestmark = pytest.mark.engine


def settings(engines: Any) -> TableSettings:
    made = TableSettings(
        table=f"t-{uuid.uuid4().hex[:8]}",
        dynamodb_endpoint=engines.dynamodb.endpoint,
        region=engines.dynamodb.region,
        access_key_id=engines.dynamodb.access_key_id,
        secret_access_key=engines.dynamodb.secret_access_key,
    )
    ensure_table(made)
    return made


def rows(count: int) -> dict[Key, Any]:
    keys = [Key(f"P#{number % 7}", f"S#{number}") for number in range(count)]
    return {key: item(key, CheckpointRow(position=number)) for number, key in enumerate(keys)}


async def test_rows_are_put_and_deleted_in_any_number(engines: Any) -> None:
    made = settings(engines)
    table = Table(made)
    async with BulkWriter(made) as writer:
        await writer.write(rows(130))
        await writer.write({Key("P#0", "S#0"): None})
        assert writer.written == 131
    found = await table.batch_get(list(rows(130)))
    await table.close()
    assert len(found) == 129


async def test_what_the_table_leaves_out_is_sent_again(engines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(engines)
    async with BulkWriter(made) as writer:
        client, sent = writer._client, []
        whole = client.batch_write_item

        def half(*, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803 - boto's name
            (batch,) = RequestItems.values()
            sent.append(len(batch))
            taken = batch[: max(1, len(batch) // 2)]
            whole(RequestItems={made.table: taken})
            return {"UnprocessedItems": {made.table: batch[len(taken) :]} if len(taken) < len(batch) else {}}

        monkeypatch.setattr(client, "batch_write_item", half)
        await writer.write(rows(20))
    table = Table(made)
    assert len(await table.batch_get(list(rows(20)))) == 20
    await table.close()
    assert sent[0] == 20
    assert len(sent) > 1


async def test_what_is_wrong_in_itself_is_told_at_once(engines: Any) -> None:
    async with BulkWriter(settings(engines)) as writer:
        with pytest.raises(TableRefused):
            await writer.write({Key("P", "S"): {"PK": {"S": "P"}}})
