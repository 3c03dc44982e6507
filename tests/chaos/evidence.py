"""The log and the table as they stand now, and what in logs and topics looks like a token."""

from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from chassis.items import Item, key_of
from chassis.records import Record
from chassis.table import Table
from contracts.table import Key
from contracts.topics import TOPICS
from replay.log import Log
from tests import leaks
from tests.chaos.journal import read_journal
from tests.chaos.oracle.evidence import Evidence
from tests.replay_town import settings_of

PARTS = 64


async def gathered(cluster: Mapping[str, Any], journal: Path) -> Evidence:
    """Everything of a run whose cluster still stands. Raises LogSilent, TableError, or OSError for the journal."""
    records = await _records(cluster)
    rows = await _rows(cluster)
    return Evidence(read_journal(journal), records, rows, await _tokens(cluster))


async def _records(cluster: Mapping[str, Any]) -> list[Record]:
    log = await Log.open(settings_of(cluster), *TOPICS)
    found: list[Record] = []
    async with aclosing(log.records({part: log.span(part) for part in log.parts(*TOPICS)})) as batches:
        async for batch in batches:
            found += batch
    return found


async def _rows(cluster: Mapping[str, Any]) -> dict[Key, Item]:
    found: dict[Key, Item] = {}
    # DynamoDB Local looks through all that is left for each page: parts are few pages each, and may take their time.
    settings = settings_of(cluster).model_copy(update={"table_read_timeout_s": 60.0})
    async with Table(settings) as table:
        for part in range(PARTS):
            async for page in table.scan(part, PARTS):
                found |= {key_of(stored): stored for stored in page}
    return found


async def _tokens(cluster: Mapping[str, Any]) -> list[tuple[str, str]]:
    known = leaks.signatures()
    return [(where, hit) async for where, data in leaks.of_cluster(cluster) for hit in leaks.hits(data, known)]
