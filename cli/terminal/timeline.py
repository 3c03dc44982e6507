"""One room's messages as this client may show them: ascending `seq`, no hole, none twice (spec 10). Pure.

The server's list is the truth. What comes live is shown at once where it follows the last one shown; else it is held
until the history has filled the hole. After each (re)connection everything is held until one fetch is through: what was
posted between the two connections is in no frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.server_frames import MessageFrame

MOST_HELD = 1_000


@dataclass(frozen=True, slots=True)
class Fetch:
    """A page to be asked for: what follows the message of time `after`, or the newest page without one."""

    generation: int
    after: int | None


class Timeline:
    """Feed it what arrives; each call returns the messages to be shown now, in order."""

    def __init__(self, chat_room_id: str) -> None:
        self.chat_room_id = chat_room_id
        self.last: MessageFrame | None = None
        self._held: dict[int, MessageFrame] = {}
        self._generation = 0
        self._behind = False
        self._asked = False
        self.opened = False
        """The first page is in."""
        self._overflowed = False

    @property
    def whole(self) -> bool:
        """Everything that arrived is shown, and nothing is known to be missing."""
        return self.opened and not self._behind

    @property
    def last_seq(self) -> int:
        """`seq` of the last message shown; 0 before the first."""
        return self.last.seq if self.last else 0

    def connected(self) -> None:
        """A connection is open: hold what comes until the history up to now is in. Pages asked for before are void."""
        self._generation += 1
        self._behind = True
        self._asked = False

    def next_fetch(self) -> Fetch | None:
        """The page to ask for now, once: None while one is under way or nothing is missing."""
        if not self._behind or self._asked:
            return None
        self._asked, self._overflowed = True, False
        return Fetch(self._generation, self._after() if self.opened else None)

    def failed(self, fetch: Fetch) -> None:
        """The page did not come: it will be asked for again."""
        if fetch.generation == self._generation:
            self._asked = False

    def page(self, fetch: Fetch, messages: Iterable[MessageFrame], *, has_more: bool) -> list[MessageFrame]:
        """A page came (ascending). A page of an earlier connection is dropped: it may end before this one began."""
        if fetch.generation != self._generation or not self._asked:
            return []
        # Past its first page the server's list has no holes; where it skips a seq, there is nothing to show there.
        shown = [message for message in messages if self._follow(message)]
        more = has_more and fetch.after is not None
        self.opened, self._asked = True, False
        return shown if more else shown + self._release()

    def live(self, message: MessageFrame) -> list[MessageFrame]:
        """A MESSAGE frame of this room came."""
        if message.seq <= self.last_seq:
            return []
        self._hold(message)
        if self._behind:
            return []
        return self._release()

    def _follow(self, message: MessageFrame) -> bool:
        if message.seq <= self.last_seq:
            return False
        self.last = message
        return True

    def _release(self) -> list[MessageFrame]:
        shown = []
        while (following := self._held.pop(self.last_seq + 1, None)) is not None:
            self.last = following
            shown.append(following)
        self._held = {seq: message for seq, message in self._held.items() if seq > self.last_seq}
        self._behind = bool(self._held) or self._overflowed
        return shown

    def _hold(self, message: MessageFrame) -> None:
        self._held[message.seq] = message
        if len(self._held) > MOST_HELD:
            # The history has it; a page asked for after this moment will hold it.
            del self._held[max(self._held)]
            self._overflowed = True

    def _after(self) -> int:
        return self.last.timestamp if self.last else 0
