"""Rows by key, the latest in memory and the rest in a file that goes away: a fold of any size in bounded memory."""

import sqlite3
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Final

import msgspec

from contracts import rows as contract
from contracts.rows import Row
from contracts.table import Key

IN_MEMORY: Final = 50_000
_AT_ONCE: Final = 5_000


class Gone(Row, frozen=True, kw_only=True):
    """The row was deleted by the event at `position`."""


_CLASSES: Final[dict[str, type[Row]]] = {
    cls.__name__: cls
    for cls in (
        Gone,
        contract.ConnectionRow,
        contract.UserConnectionRow,
        contract.ProfileRow,
        contract.MembershipRow,
        contract.RoomRow,
        contract.LastMessageRow,
        contract.MessageRow,
        contract.ClientMessageRow,
        contract.FenceRow,
        contract.OutcomeRow,
        contract.CheckpointRow,
        contract.DirectoryRow,
    )
}
_SCHEMA = "CREATE TABLE rows (pk TEXT, sk TEXT, cls TEXT, value BLOB, PRIMARY KEY (pk, sk)) WITHOUT ROWID"


class SpilledRows(MutableMapping[Key, Row]):
    """A mapping; `close` it. The file is opened when memory is full for the first time."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._most = in_memory
        self._latest: OrderedDict[Key, Row] = OrderedDict()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._file: sqlite3.Connection | None = None

    def __getitem__(self, key: Key) -> Row:
        found = self._latest.get(key)
        if found is not None:
            self._latest.move_to_end(key)
            return found
        found = self._spilled(key)
        if found is None:
            raise KeyError(key)
        self[key] = found
        return found

    def __setitem__(self, key: Key, row: Row) -> None:
        self._latest[key] = row
        self._latest.move_to_end(key)
        if len(self._latest) > self._most + _AT_ONCE:
            self._spill()

    def __delitem__(self, key: Key) -> None:
        there = self._latest.pop(key, None) is not None
        if self._file is not None:
            done = self._file.execute("DELETE FROM rows WHERE pk = ? AND sk = ?", key)
            there = there or done.rowcount > 0
        if not there:
            raise KeyError(key)

    def __iter__(self) -> Iterator[Key]:
        """Each key once; the mapping must not change meanwhile."""
        yield from list(self._latest)
        if self._file is not None:
            for pk, sk in self._file.execute("SELECT pk, sk FROM rows"):
                key = Key(pk, sk)
                if key not in self._latest:
                    yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def pages(self, size: int) -> Iterator[list[Key]]:
        """The keys, so many at a time; the mapping may change meanwhile, and what is new may be left out."""
        latest = list(self._latest)
        yield from (latest[start : start + size] for start in range(0, len(latest), size))
        last = Key("", "")
        while self._file is not None:
            query = "SELECT pk, sk FROM rows WHERE (pk, sk) > (?, ?) ORDER BY pk, sk LIMIT ?"
            page = [Key(pk, sk) for pk, sk in self._file.execute(query, (*last, size))]
            if not page:
                return
            yield page
            last = page[-1]

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
        if self._folder is not None:
            self._folder.cleanup()
        self._file = self._folder = None

    def _spilled(self, key: Key) -> Row | None:
        if self._file is None:
            return None
        found = self._file.execute("SELECT cls, value FROM rows WHERE pk = ? AND sk = ?", key).fetchone()
        return None if found is None else msgspec.msgpack.decode(found[1], type=_CLASSES[found[0]])

    def _spill(self) -> None:
        file = self._opened()
        oldest = [self._latest.popitem(last=False) for _ in range(_AT_ONCE)]
        file.executemany(
            "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)",
            [(*key, type(row).__name__, msgspec.msgpack.encode(row)) for key, row in oldest],
        )

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            self._folder = tempfile.TemporaryDirectory(prefix="kaiwa-replay-")
            self._file = sqlite3.connect(Path(self._folder.name) / "rows", isolation_level=None)
            # Nothing here outlives the process: no journal, no waiting for the disk.
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("PRAGMA synchronous = OFF")
            self._file.execute("PRAGMA cache_size = -8000")
            self._file.execute(_SCHEMA)
        return self._file
