"""Where a user is connected: the fold of chat.presence, in every worker for all users (spec 9 and 11). Pure.

The newest value of a user replaces the older ones; a value with a lower position is ignored. A connection that a push
found gone is forgotten for good, although later values may still name it: ids are never given twice.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from contracts.limits import CATCH_UP_OVERLAP_S
from contracts.presence import OpenConnection, PresenceChanged
from services.fanout.route import EpochKey, Frame

OVERLAP_MS = int(CATCH_UP_OVERLAP_S * 1000)


@dataclass(frozen=True, slots=True)
class Place:
    """One open connection."""

    connection_id: str
    user_id: str
    epoch: EpochKey
    features: frozenset[str]
    begins_ms: int
    """From this broker time on it is owed every message: 5 s before its `connected`."""
    learned_ms: int
    """Broker time at which chat.presence first named it, as far as that is still in the log."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a value brought."""

    appeared: tuple[Place, ...] = ()
    news: PresenceChanged | None = None
    """The value, if the user's status is another than before."""


@dataclass(slots=True)
class _User:
    position: int = -1
    version: int = -1
    places: dict[str, Place] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)


class Locations:
    """Open connections by user."""

    def __init__(self) -> None:
        self._users: dict[str, _User] = {}
        self._users_of: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._users_of)

    def __iter__(self) -> Iterator[Place]:
        for user in self._users.values():
            yield from user.places.values()

    def apply(self, value: PresenceChanged, recorded_ms: int) -> Change:
        """Take a value that the broker stored at `recorded_ms`."""
        user = self._users.setdefault(value.user_id, _User())
        if (value.position, value.presence_version) < (user.position, user.version):
            return Change()
        news = value if value.presence_version > user.version else None
        user.position, user.version = value.position, value.presence_version
        appeared = self._replace(user, value, recorded_ms)
        return Change(appeared, news)

    def _replace(self, user: _User, value: PresenceChanged, recorded_ms: int) -> tuple[Place, ...]:
        listed = {open_.connection_id: open_ for open_ in value.connections}
        user.forgotten &= listed.keys()
        for connection_id in user.places.keys() - listed.keys():
            del user.places[connection_id]
            del self._users_of[connection_id]
        fresh = [
            _place(value.user_id, open_, recorded_ms)
            for connection_id, open_ in listed.items()
            if connection_id not in user.places and connection_id not in user.forgotten
        ]
        for place in fresh:
            user.places[place.connection_id] = place
            self._users_of[place.connection_id] = value.user_id
        return tuple(fresh)

    def forget(self, connection_id: str) -> Place | None:
        """Push nothing to it any more; returns what was known of it."""
        user_id = self._users_of.pop(connection_id, None)
        if user_id is None:
            return None
        user = self._users[user_id]
        user.forgotten.add(connection_id)
        return user.places.pop(connection_id)

    def targets(self, frame: Frame, only: Callable[[Place], bool] | None = None) -> dict[EpochKey, list[str]]:
        """The connections that get `frame`, by gateway; of these, those that `only` lets pass."""
        found: dict[EpochKey, list[str]] = {}
        for place in self._places(frame.users):
            if frame.feature is not None and frame.feature not in place.features:
                continue
            if only is None or only(place):
                found.setdefault(place.epoch, []).append(place.connection_id)
        return found

    def _places(self, users: Iterable[str]) -> Iterator[Place]:
        for user_id in users:
            user = self._users.get(user_id)
            if user is not None:
                yield from user.places.values()


def wants(place: Place, frame: Frame) -> bool:
    """Whether `frame` is for this connection."""
    return place.user_id in frame.users and (frame.feature is None or frame.feature in place.features)


def _place(user_id: str, open_: OpenConnection, recorded_ms: int) -> Place:
    return Place(
        connection_id=open_.connection_id,
        user_id=user_id,
        epoch=EpochKey(open_.gateway_id, open_.epoch),
        features=frozenset(open_.features),
        begins_ms=open_.timestamp - OVERLAP_MS,
        learned_ms=recorded_ms,
    )
