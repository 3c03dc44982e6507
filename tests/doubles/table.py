"""The table in memory: what chassis.table.TablePort promises and DynamoDB refuses, without an engine.

It may be trusted because it passes tests/conformance/test_table_contract.py together with the real table. `before` is
called ahead of every call and `after` behind it, with the call's name: a test raises in them, or lets somebody else go
first. Reads are always consistent.
"""

# ruff: noqa: ARG002 - `consistent` is part of the port; here reads are never anything else

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from copy import deepcopy

from chassis.actions import Action, Check, Condition, Delete, Put
from chassis.items import Item
from chassis.table_errors import ConditionFailed, TableRefused
from contracts.table import Key
from services.persistence.sizes import ITEM_BYTES, item_size

Hook = Callable[[str], Awaitable[None]]


async def _nothing(_call: str) -> None:
    return


class MemoryTable:
    """A double of chassis.table.Table."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}
        self.calls: list[str] = []
        self.before: Hook = _nothing
        self.after: Hook = _nothing

    async def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        await self._begin("get")
        found = deepcopy(self.items.get(key))
        await self.after("get")
        return found

    async def batch_get(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Item]:
        await self._begin("batch_get")
        found = {key: deepcopy(self.items[key]) for key in keys if key in self.items}
        await self.after("batch_get")
        return found

    async def query(
        self,
        pk: str,
        *,
        begins_with: str | None = None,
        between: tuple[str, str] | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = True,
    ) -> list[Item]:
        await self._begin("query")
        keys = sorted((key for key in self.items if key.pk == pk), key=lambda key: key.sk.encode())
        if begins_with is not None:
            keys = [key for key in keys if key.sk.startswith(begins_with)]
        elif between is not None:
            keys = [key for key in keys if between[0].encode() <= key.sk.encode() <= between[1].encode()]
        ordered = keys if ascending else keys[::-1]
        await self.after("query")
        return [deepcopy(self.items[key]) for key in ordered[:limit]]

    async def scan(
        self, segment: int, segments: int, *, keys_only: bool = False, page: int | None = None
    ) -> AsyncGenerator[list[Item]]:
        size, last = page or 100, Key("", "")
        while True:
            await self._begin("scan")
            left = sorted(key for key in self.items if key > last and hash(key.pk) % segments == segment)[:size]
            if not left:
                return
            yield [_projected(deepcopy(self.items[key]), keys_only) for key in left]
            last = left[-1]

    async def transact(self, actions: Sequence[Action]) -> None:
        await self._begin("transact")
        self._validate(actions)
        failed = [not self._holds(action.key, action.condition) for action in actions]
        if any(failed):
            raise ConditionFailed(tuple("ConditionalCheckFailed" if fails else "None" for fails in failed))
        for action in actions:
            self._do(action)
        await self.after("transact")

    async def write(self, action: Action) -> None:
        await self._begin("write")
        if isinstance(action, Check):
            raise TypeError("a check is part of a transaction")
        _validate_item(action)
        if not self._holds(action.key, action.condition):
            raise ConditionFailed(("ConditionalCheckFailedException",))
        self._do(action)
        await self.after("write")

    async def _begin(self, call: str) -> None:
        self.calls.append(call)
        await self.before(call)

    def _validate(self, actions: Sequence[Action]) -> None:
        if not 1 <= len(actions) <= 100:
            raise TableRefused(f"{len(actions)} actions")
        if len({action.key for action in actions}) < len(actions):
            raise TableRefused("two actions on one item")
        for action in actions:
            _validate_item(action)
        if sum(item_size(action.item) for action in actions if isinstance(action, Put)) > 4 * 1024 * 1024:
            raise TableRefused("over 4 MB in all")

    def _holds(self, key: Key, condition: Condition | None) -> bool:
        if condition is None:
            return True
        stored = self.items.get(key)
        return any(
            all(_clause(part.strip(), condition, stored) for part in alternative.split(" AND "))
            for alternative in condition.expression.split(" OR ")
        )

    def _do(self, action: Action) -> None:
        if isinstance(action, Put):
            self.items[action.key] = deepcopy(action.item)
        elif isinstance(action, Delete):
            self.items.pop(action.key, None)


def _projected(item: Item, keys_only: bool) -> Item:
    return {name: value for name, value in item.items() if not keys_only or name in {"PK", "SK", "position"}}


def _validate_item(action: Action) -> None:
    if not (0 < len(action.key.pk.encode()) <= 2048 and 0 < len(action.key.sk.encode()) <= 1024):
        raise TableRefused("a key that is empty or too long")
    if isinstance(action, Put) and item_size(action.item) > ITEM_BYTES:
        raise TableRefused("an item over 400 KB")


def _clause(text: str, condition: Condition, stored: Item | None) -> bool:
    if text.startswith("attribute_not_exists("):
        return stored is None or text.removeprefix("attribute_not_exists(").removesuffix(")") not in stored
    name, sign, value = text.split(" ")
    found = (stored or {}).get(condition.names[name])
    if found is None:
        return False
    is_, wanted = int(found["N"]), int(condition.values[value]["N"])
    return {"=": is_ == wanted, "<": is_ < wanted}[sign]
