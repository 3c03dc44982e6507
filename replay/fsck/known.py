"""Which events there are: owner and position of each that may have written a row, in a file that goes away."""

import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path

from contracts.connections import Connected
from contracts.facts import Fact
from contracts.topics import CONNECTIONS, SUBMISSIONS, USERS
from contracts.users import ProfileUpdated
from replay.seen import Seen

AT_ONCE = 5_000


class KnownEvents:
    """A set of (topic, owner, position); `close` it. On disk, so memory does not grow with the log."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kaiwa-replay-")
        self._file = sqlite3.connect(Path(self._folder.name) / "events", isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -8000"):
            self._file.execute(f"PRAGMA {pragma}")
        columns = "topic TEXT, owner TEXT, position INTEGER, PRIMARY KEY (topic, owner, position)"
        self._file.execute(f"CREATE TABLE events ({columns}) WITHOUT ROWID")
        self._waiting: list[tuple[str, str, int]] = []

    def add(self, seen: Seen) -> None:
        """Note an event, if it writes rows."""
        event = seen.event
        if isinstance(event, Fact):
            self._waiting.append((SUBMISSIONS.name, event.chat_room_id, event.submission.offset))
        elif isinstance(event, ProfileUpdated):
            self._waiting.append((USERS.name, event.user_id, seen.record.offset))
        elif isinstance(event, Connected):
            self._waiting.append((CONNECTIONS.name, event.user_id, seen.record.offset))
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write down what waits."""
        self._file.executemany("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()

    def missing(self, wanted: Iterable[tuple[str, str, int]]) -> set[tuple[str, str, int]]:
        """Those that are not there."""
        query = "SELECT 1 FROM events WHERE topic = ? AND owner = ? AND position = ?"
        return {one for one in wanted if self._file.execute(query, one).fetchone() is None}

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self._folder.cleanup()
