"""Whether a table may be written by a rebuild, or stands for a whole one. Blocking, plain boto3 through the chassis."""

from chassis.log_id import ensure_log_id, log_id
from chassis.settings import TableSettings
from chassis.table import TableScans
from chassis.table_schema import ensure_table
from chassis.topic_ids import topic_ids
from contracts import table
from contracts.rows import LogIdRow
from contracts.topics import SUBMISSIONS
from replay.log import Log, Part
from replay.rebuild import STATE, NotForRebuild, checkpoints
from replay.settings import ReplaySettings


async def log_row(log: Log, settings: ReplaySettings) -> LogIdRow:
    """The topics that the table's positions will refer to: those in Kafka, or those that a capsule was taken from."""
    if log.manifest is not None:
        return LogIdRow(topics=log.manifest.log, partitions=log.manifest.partitions)
    return log_id(await topic_ids(settings))


def prepare(target: TableSettings, live: TableSettings, now: LogIdRow) -> None:
    """Make the table where it is missing and note whose log it is; raises NotForRebuild, or chassis.log_id.OtherLog."""
    if target.table == live.table and target.dynamodb_endpoint == live.dynamodb_endpoint:
        raise NotForRebuild(f"{target.table} is the live table: a rebuild goes into another one (--into NAME)")
    ensure_table(target)
    ensure_log_id(target, now)


async def require_free(reads: TableScans, log: Log) -> None:
    """Return if the table is empty or was rebuilt before; raises NotForRebuild where a service writes it."""
    parts = [Part(SUBMISSIONS.name, number) for number in range(log.count(SUBMISSIONS))]
    if any((await checkpoints(reads, parts)).values()):
        raise NotForRebuild("persistence writes this table: name another one, which does not exist yet")
    if await reads.get(STATE) is not None:
        return
    async for page in reads.scan(0, 1, keys_only=True, page=10):
        if any(one["PK"]["S"] != table.LOG_ID.pk for one in page):
            raise NotForRebuild(
                "the table holds rows that no rebuild wrote: name another one, which does not exist yet"
            )
        return
