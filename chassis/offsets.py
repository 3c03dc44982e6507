"""Which offsets of a partition are done: pure (spec 11: the longest finished prefix is committed)."""

from collections import deque


class Offsets:
    """Offsets taken in order, done in any order."""

    def __init__(self, position: int) -> None:
        self._waiting: deque[tuple[int, int]] = deque()
        self._done: set[int] = set()
        self._position = position
        """Everything below is done."""
        self.next_expected = position

    def take(self, offset: int, time_ms: int = 0) -> None:
        """`offset`, appended at `time_ms`, was read; offsets rise, with holes where the log has them."""
        if offset < self.next_expected:
            raise ValueError(f"offset {offset} was read after {self.next_expected - 1}")
        if not self._waiting:
            self._position = max(self._position, offset)
        self._waiting.append((offset, time_ms))
        self.next_expected = offset + 1

    def finish(self, offset: int) -> None:
        """`offset` is done: its effects are there and its facts are in the log."""
        self._done.add(offset)
        while self._waiting and self._waiting[0][0] in self._done:
            self._done.remove(self._waiting.popleft()[0])
        self._position = self._waiting[0][0] if self._waiting else self.next_expected

    @property
    def position(self) -> int:
        """The offset to commit: everything below it is done."""
        return self._position

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest record that is not done was appended; None: all are done."""
        return self._waiting[0][1] if self._waiting else None

    @property
    def unfinished(self) -> int:
        """How many were read and are not part of the prefix."""
        return len(self._waiting)
