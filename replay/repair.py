"""Rows made what the log says, each on the condition that nobody has changed it since it was looked at (spec 12).

The only part of replay that writes a live table, and only rows that were shown as different first.
"""

from typing import Literal

from chassis.table import TablePort
from chassis.table_errors import ConditionFailed
from replay.differences import Difference, mend

Outcome = Literal["repaired", "moved on"]


async def repair(writes: TablePort, one: Difference) -> Outcome:
    """Mend one row; `moved on`: somebody changed it meanwhile, so it is to be looked at again. Raises TableError."""
    try:
        await writes.transact(mend(one))
    except ConditionFailed:
        return "moved on"
    return "repaired"
