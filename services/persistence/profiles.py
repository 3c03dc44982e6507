"""The handler of chat.users: one lane is one user (spec 5 and 8). It publishes nothing: chat.users tells it all.

One read and one transaction a batch: the profile, its place in the directory and the OUTCOMEs, on the condition that
the profile stands where it was read. What stands at or above an event's offset was done before and stays.
"""

from collections.abc import Sequence

import msgspec

from chassis.actions import Action, Condition, Delete, Put, absent, position_is
from chassis.batches import Handled
from chassis.items import item, row
from chassis.projection.profiles import rows_of_profile
from chassis.projection.view import Writes, apply
from chassis.records import Record
from chassis.table import TablePort
from chassis.table_errors import ConditionFailed
from contracts import table
from contracts.envelope import ContractError
from contracts.limits import OUTCOME_TTL_S
from contracts.problems import OutcomeCode
from contracts.rows import OutcomeRow, ProfileRow, Row
from contracts.table import Key
from contracts.topics import USERS
from contracts.users import ProfileUpdated
from services.persistence import metrics
from services.persistence.received import WrongKey
from services.persistence.store import Fenced

MOST_EVENTS = 30
"""Each makes at most three rows of its own, and all share the profile: at most 91 actions."""


class _Named(msgspec.Struct, rename="camel"):
    """As much of an event as an OUTCOME needs."""

    event_id: str


_name_in = msgspec.json.Decoder(_Named).decode


class ProfileHandler:
    """Keeps profiles and the directory of names."""

    def __init__(self, reads_and_writes: TablePort) -> None:
        self._table = reads_and_writes

    async def handle(self, batch: Sequence[Record]) -> Handled:
        """One step of a user. Raises retryable errors, and what is bad in the first record itself."""
        events = _good_head(batch[:MOST_EVENTS])
        user_id = events[0][1].user_id
        stored = await self._table.get(table.profile(user_id))
        found = row(ProfileRow, stored) if stored is not None else None
        await self._write(_actions(_writes(events, found), user_id, found), user_id)
        return Handled(taken=len(events))

    async def answer_dead_letter(self, record: Record, _error: Exception) -> Handled:
        """Tell the HTTP API that an update was put aside, if it can be told which."""
        try:
            event_id = _name_in(record.value or b"").event_id
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Handled()
        await self._table.write(Put(item(table.outcome(event_id), _outcome(record, "INTERNAL"))))
        return Handled()

    async def _write(self, actions: Sequence[Action], user_id: str) -> None:
        try:
            await self._table.transact(actions)
        except ConditionFailed:
            metrics.FENCED.inc()
            raise Fenced(f"the profile of {user_id} moved on while it was changed") from None


def _good_head(batch: Sequence[Record]) -> list[tuple[Record, ProfileUpdated]]:
    """The events up to the first record that cannot be read; raises what is wrong with it where it is the first."""
    good: list[tuple[Record, ProfileUpdated]] = []
    for record in batch:
        try:
            good.append((record, _event_in(record)))
        except (ContractError, WrongKey):
            if not good:
                raise
            break
    return good


def _event_in(record: Record) -> ProfileUpdated:
    event = USERS.decode(record.value)
    if not isinstance(event, ProfileUpdated):
        raise TypeError(f"{USERS.name} carries a {type(event).__name__}")
    if record.key != event.user_id.encode():
        raise WrongKey("the record's key is not its userId")
    return event


def _writes(events: Sequence[tuple[Record, ProfileUpdated]], found: ProfileRow | None) -> Writes:
    rows: dict[Key, Row] = {} if found is None else {table.profile(found.user_id): found}
    writes: Writes = {}
    for record, event in events:
        made = rows_of_profile(event, record.offset, rows)
        metrics.PROFILES.labels("changed" if made else "nothing").inc()
        apply(rows, made)
        writes |= made
        writes[table.outcome(event.event_id)] = _outcome(record, "OK")
    return writes


def _actions(writes: Writes, user_id: str, found: ProfileRow | None) -> list[Action]:
    stands = absent() if found is None else position_is(found.position)
    return [_action(key, made, stands if key == table.profile(user_id) else None) for key, made in writes.items()]


def _action(key: Key, made: Row | None, condition: Condition | None) -> Action:
    return Delete(key) if made is None else Put(item(key, made), condition)


def _outcome(record: Record, code: OutcomeCode) -> OutcomeRow:
    return OutcomeRow(position=record.offset, code=code, ttl=record.timestamp // 1000 + OUTCOME_TTL_S)
