"""Who is online, as chat.presence tells it (spec 9). The whole topic: before its end an answer would be a guess."""

from collections import OrderedDict
from dataclasses import dataclass

from chassis.records import Record
from contracts.presence import PresenceChanged, PresenceStatus
from contracts.topics import PRESENCE


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One user's status."""

    status: PresenceStatus
    last_seen_at: str | None
    version: int
    position: int


OFFLINE_HELD = 200_000
NEVER_SEEN = Whereabouts("offline", None, 0, -1)


class PresenceView:
    """Everybody who is online, and those who went offline last; `apply` is a Tail's on_record.

    Who has been offline longest, of more than `offline_held`, is forgotten and looks like one who never connected: the
    topic keeps everybody who ever did.
    """

    def __init__(self, *, offline_held: int = OFFLINE_HELD) -> None:
        self._online: dict[str, Whereabouts] = {}
        self._offline: OrderedDict[str, Whereabouts] = OrderedDict()
        self._offline_held = offline_held

    def apply(self, record: Record) -> None:
        """Take one record; one that stands at a lower position than the one held is ignored."""
        if record.value is None:
            self._forget((record.key or b"").decode("utf-8", "replace"))
            return
        event = PRESENCE.decode(record.value)
        if isinstance(event, PresenceChanged) and event.position >= self.of(event.user_id).position:
            self._forget(event.user_id)
            self._hold(event)

    def of(self, user_id: str) -> Whereabouts:
        """Where the user is; offline for one who never connected."""
        return self._online.get(user_id) or self._offline.get(user_id, NEVER_SEEN)

    def _hold(self, event: PresenceChanged) -> None:
        held = Whereabouts(event.status, event.last_seen_at, event.presence_version, event.position)
        if event.status == "online":
            self._online[event.user_id] = held
            return
        self._offline[event.user_id] = held
        if len(self._offline) > self._offline_held:
            self._offline.popitem(last=False)

    def _forget(self, user_id: str) -> None:
        self._online.pop(user_id, None)
        self._offline.pop(user_id, None)
