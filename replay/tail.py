"""What has happened since a table was rebuilt: the fold goes on from its rows, as far as the log goes.

Holds, for every row that changed since, the newest state. Who waits for a row at a certain position watches it: the
fold passes every position, so a row of the live table is compared with what the log says at the row's own position.
"""

from collections.abc import Iterable, Sequence

from chassis.items import Item, row
from chassis.log_reader import Span
from chassis.table import TableReads
from contracts import table
from contracts.facts import Fact, MessagesRead
from contracts.rows import Row
from contracts.table import Key
from contracts.users import ProfileUpdated
from replay.judge import attributes
from replay.kinds import class_of, position_of
from replay.log import Log, Part
from replay.rebuild import FOLDED, checkpoints
from replay.refold import ConnectionsRefold, Refold, Writes, refold_of
from replay.seen import Seen, see
from replay.spill import Gone, SpilledRows


class Tail:
    """`await extend()` reads on; `newest(key)` is what the log says now."""

    def __init__(self, log: Log, base: TableReads) -> None:
        self._log = log
        self._base = base
        self._at: dict[Part, int] = {}
        self._folds: dict[Part, Refold] = {}
        self._loaded: dict[Part, SpilledRows] = {}
        self.changed = SpilledRows()
        """The newest state of each row that changed."""
        self._watched: dict[Key, Item] = {}
        self.agreed: set[Key] = set()
        """Watched rows that were, at their own position, as the log says."""
        self.differed: dict[Key, Row] = {}
        """Watched rows that were not, with what they should have been at that position."""

    async def open(self) -> None:
        """Begin where the table stands."""
        parts = self._log.parts(*FOLDED)
        self._at = await checkpoints(self._base, parts)

    def close(self) -> None:
        """Let go of what was spilled."""
        self.changed.close()
        for fold in self._folds.values():
            fold.close()

    @property
    def events(self) -> int:
        """How many events stand between the table and the end of the log, as it was last looked at."""
        return sum(max(0, self._log.end(part) - at) for part, at in self._at.items())

    def newest(self, key: Key) -> Row | None:
        """The row as the newest event that changed it since left it; None: none did."""
        return self.changed.get(key)

    def watch(self, rows: dict[Key, Item]) -> None:
        """From now on wait for these rows to come by at their positions; forgets what was watched before."""
        self._watched = dict(rows)
        self.agreed.clear()
        self.differed.clear()

    async def extend(self) -> None:
        """Read to the end of the log as it is now."""
        await self._log.refresh(*FOLDED)
        spans = {part: self._span(part, at) for part, at in self._at.items()}
        async for batch in self._log.records({part: span for part, span in spans.items() if len(span)}):
            await self._apply([see(record) for record in batch])
        self._at |= {part: max(self._at[part], self._log.end(part)) for part in self._at}

    def _span(self, part: Part, at: int) -> Span:
        held = self._log.span(part)
        # A capsule's offsets are not its records': all of it is read, and what is known is passed over.
        return Span(max(at, held.begin), held.end) if self._log.manifest is None else held

    async def _apply(self, batch: Sequence[Seen]) -> None:
        fresh = [one for one in batch if one.record.offset >= self._at[_part(one)]]
        await self._load(fresh)
        for seen in fresh:
            fold = self._folds[_part(seen)]
            try:
                writes = fold.apply(seen)
            except fold.problems:
                continue
            self._take(writes, seen)

    def _take(self, writes: Writes, seen: Seen) -> None:
        position = seen.event.submission.offset if isinstance(seen.event, Fact) else seen.record.offset
        for key, made in writes.items():
            self.changed[key] = Gone(position=position) if made is None else made
            watched = self._watched.get(key)
            if watched is None or position_of(watched) != position:
                continue
            del self._watched[key]
            if made is not None and not attributes(made, watched):
                self.agreed.add(key)
            elif made is not None:
                self.differed[key] = made

    async def _load(self, batch: Sequence[Seen]) -> None:
        """Bring in the rows of the table that these events go on from."""
        wanted: dict[Key, Part] = {}
        for seen in batch:
            part = _part(seen)
            if part not in self._folds:
                self._open_fold(part)
            if part in self._loaded:
                wanted |= {key: part for key in _stands_on(seen) if key not in self._loaded[part]}
        if wanted:
            found = await self._base.batch_get(list(wanted))
            for key, part in wanted.items():
                self._loaded[part][key] = _row_of(key, found[key]) if key in found else _NOTHING

    def _open_fold(self, part: Part) -> None:
        fold = refold_of(part, whole=True)
        self._folds[part] = fold
        if not isinstance(fold, ConnectionsRefold):
            self._loaded[part] = fold.rows  # type: ignore[attr-defined] # the two others hold rows


_NOTHING = Gone(position=-1)
"""Looked for, and not there; no rule takes it for a row."""


def _part(seen: Seen) -> Part:
    return Part(seen.record.topic, seen.record.partition)


def _stands_on(seen: Seen) -> Iterable[Key]:
    event = seen.event
    if isinstance(event, Fact):
        yield table.fence(event.chat_room_id)
        yield table.room(event.chat_room_id)
        if isinstance(event, MessagesRead):
            yield table.membership(event.user_id, event.chat_room_id)
    elif isinstance(event, ProfileUpdated):
        yield table.profile(event.user_id)


def _row_of(key: Key, stored: Item) -> Row:
    cls = class_of(key)
    if cls is None:
        raise ValueError(f"no row stands at {key.pk} {key.sk}")
    return row(cls, stored)
