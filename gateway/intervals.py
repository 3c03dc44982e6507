"""What is published at most once in an interval, for each user and room (spec 3). Pure."""

from typing import Generic, TypeVar

Held = TypeVar("Held")
Name = tuple[str, str]
"""User and room."""


class Intervals(Generic[Held]):
    """The first of an interval goes at once; of those that follow in it, the one kept here goes at its end."""

    def __init__(self, *, most: int = 100_000) -> None:
        self._most = most
        self._running: dict[Name, Held | None] = {}

    def __len__(self) -> int:
        return len(self._running)

    @property
    def is_full(self) -> bool:
        """Too many intervals run: a new one may not begin."""
        return len(self._running) >= self._most

    def runs(self, name: Name) -> bool:
        """Whether something of this name was published in the interval."""
        return name in self._running

    def begin(self, name: Name) -> None:
        """Something of this name is published now."""
        self._running[name] = None

    def held(self, name: Name) -> Held | None:
        """What waits for the interval's end."""
        return self._running.get(name)

    def hold(self, name: Name, held: Held) -> None:
        """Keep `held` in place of what waited."""
        self._running[name] = held

    def end(self, name: Name) -> Held | None:
        """The interval is over: what is to be published now, which begins another; None: nothing waited."""
        held = self._running.pop(name, None)
        if held is not None:
            self.begin(name)
        return held

    def take_all(self) -> list[Held]:
        """All that waits, to be published now: the process stops."""
        waiting = [held for held in self._running.values() if held is not None]
        self._running.clear()
        return waiting
