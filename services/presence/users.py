"""The users of one partition in memory, and how they stand on chat.presence. Pure but for the clock it is given.

chat.presence is followed, not only loaded: a worker that had lost the partition may still write a value that Kafka kept
waiting for it. Its readers ignore a lower position, but compaction keeps what stands last; so a value that is older
than ours and stands after ours is `overwritten`, and ours is published again.
"""

from collections.abc import Callable, Iterator

from services.presence.state import UserState


class Users:
    """States by user id, the grace of those whose last connection has gone, and who must be published again."""

    def __init__(self, *, grace_s: float, monotonic: Callable[[], float]) -> None:
        self.states: dict[str, UserState] = {}
        self.connections = 0
        self.online = 0
        self.overwritten: set[str] = set()
        self._offsets: dict[str, int] = {}
        self._grace_s = grace_s
        self._monotonic = monotonic
        self._grace: dict[str, float] = {}

    def __iter__(self) -> Iterator[UserState]:
        return iter(list(self.states.values()))

    def observed(self, state: UserState, offset: int) -> None:
        """`state` was read on chat.presence at `offset`."""
        held = self.states.get(state.user_id)
        if held is None or state.age >= held.age:
            self._hold(state)
        elif offset > self._offsets.get(state.user_id, -1):
            self.overwritten.add(state.user_id)
        self._offsets[state.user_id] = max(offset, self._offsets.get(state.user_id, -1))

    def published(self, state: UserState, offset: int) -> None:
        """We wrote `state`, and it stands at `offset`."""
        self.observed(state, offset)
        if self.states[state.user_id].age == state.age:
            self.overwritten.discard(state.user_id)

    def grace_over(self) -> list[UserState]:
        """Those whose grace has passed."""
        now = self._monotonic()
        return [self.states[user_id] for user_id, due in self._grace.items() if due <= now]

    def next_grace_s(self) -> float | None:
        """Seconds until somebody's grace has passed; None: nobody is in grace."""
        return max(0.0, min(self._grace.values()) - self._monotonic()) if self._grace else None

    def _hold(self, state: UserState) -> None:
        before = self.states.get(state.user_id)
        self.connections += len(state.connections) - (len(before.connections) if before else 0)
        self.online += (state.status == "online") - (before is not None and before.status == "online")
        self.states[state.user_id] = state
        if not state.in_grace:
            self._grace.pop(state.user_id, None)
        elif state.user_id not in self._grace:
            self._grace[state.user_id] = self._monotonic() + self._grace_s
