"""Decisions of one room as one transaction (spec 5): as many as fit, each row once, under the room's FENCE. Pure.

FENCE is put on the condition that it stands where the decisions found it, so a redelivered event, a crash anywhere, or
a worker that has lost its partition can neither duplicate, skip nor reorder.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.actions import Action, Condition, Delete, Put, absent, position_below, position_is
from chassis.items import Item, attribute, item
from chassis.projection.view import Writes
from contracts.envelope import encode
from contracts.limits import FENCE_FACTS_BYTES, TRANSACTION_ACTIONS
from contracts.rows import FenceRow, OutcomeRow, Row
from contracts.table import Key
from services.persistence.decide import Decision
from services.persistence.sizes import ITEM_BYTES, TRANSACTION_BYTES, item_size


class DecisionTooLarge(Exception):
    """One submission's rows or fact exceed what a transaction holds: it is put aside, others go on."""

    code = "DECISION_TOO_LARGE"
    retryable = False


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one write of the table does."""

    taken: int
    """How many decisions from the head it holds; the rest is decided again after the facts of these are in the log."""
    actions: tuple[Action, ...]
    """None at all where refusals in a room that does not exist leave no row."""
    facts: tuple[bytes, ...]
    """Encoded as they stand in FENCE and as they are published; one for each decision, in order."""
    writes: Writes


@dataclass(frozen=True, slots=True)
class Limits:
    """What fits."""

    actions: int = TRANSACTION_ACTIONS
    facts_bytes: int = FENCE_FACTS_BYTES
    item_bytes: int = ITEM_BYTES
    transaction_bytes: int = TRANSACTION_BYTES


DYNAMODB = Limits()


def transaction_of(
    decisions: Sequence[Decision], fence_key: Key, found: FenceRow | None, limits: Limits = DYNAMODB
) -> Transaction:
    """The longest head of `decisions` (at least one) that fits; `found` is the FENCE that they stand on.

    Raises DecisionTooLarge where the first alone does not fit.
    """
    draft = _Draft(fence_key, limits)
    taken = 0
    while taken < len(decisions) and draft.add(decisions[taken]):
        taken += 1
    if taken == 0:
        raise DecisionTooLarge("one submission's rows exceed a transaction")
    return Transaction(taken, draft.actions(found), tuple(draft.facts), draft.writes)


class _Draft:
    """Rows gathered so far: the last write of a row wins."""

    def __init__(self, fence_key: Key, limits: Limits) -> None:
        self._fence_key = fence_key
        self._limits = limits
        self._items: dict[Key, Item | None] = {}
        self._sizes: dict[Key, int] = {}
        self._facts_bytes = 0
        self.writes: Writes = {}
        self.facts: list[bytes] = []

    def add(self, decision: Decision) -> bool:
        """Take the decision in, or leave all as it is and say that it does not fit."""
        fact = encode(decision.fact)
        items = {key: item(key, row) if row is not None else None for key, row in decision.writes.items()}
        sizes = self._sizes | {key: _size(key, made) for key, made in items.items()}
        facts_bytes = self._facts_bytes + len(fact)
        if not self._fits(sizes, facts_bytes):
            return False
        self._sizes, self._facts_bytes = sizes, facts_bytes
        self._items |= items
        self.writes |= decision.writes
        self.facts.append(fact)
        return True

    def actions(self, found: FenceRow | None) -> tuple[Action, ...]:
        """The writes as actions, FENCE with its facts and its condition."""
        return tuple(self._action(key, made, found) for key, made in self._items.items())

    def _fits(self, sizes: dict[Key, int], facts_bytes: int) -> bool:
        limits = self._limits
        return (
            len(sizes) <= limits.actions
            and facts_bytes <= limits.facts_bytes
            and max(sizes.values(), default=0) <= limits.item_bytes
            and sum(sizes.values()) + facts_bytes <= limits.transaction_bytes
        )

    def _action(self, key: Key, made: Item | None, found: FenceRow | None) -> Action:
        if made is None:
            return Delete(key)
        if key == self._fence_key:
            return Put(made | {"facts": attribute(self.facts)}, _stands_at(found))
        return Put(made, _not_yet_answered(self.writes[key]) if found is None else None)


def _stands_at(found: FenceRow | None) -> Condition:
    return absent() if found is None else position_is(found.position)


def _not_yet_answered(row: Row | None) -> Condition | None:
    # Where no FENCE guards a verdict, its OUTCOME does: of two workers with different profiles in hand one must lose.
    # A redriven record stands above the one that was put aside, so it may answer again.
    return position_below(row.position) if isinstance(row, OutcomeRow) else None


def _size(key: Key, made: Item | None) -> int:
    return len(key.pk) + len(key.sk) if made is None else item_size(made)
