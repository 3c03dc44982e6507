"""What follows from two looks at a row: the same, a difference, or nothing certain yet. Pure.

Certain is what two consistent reads agree on, once the fold has come past everything that the room had done when the
first of them was made; the reasons are in docs/decisions/0031.
"""

from typing import Literal

from chassis.items import Item
from contracts import table
from contracts.table import Key
from contracts.topics import CONNECTIONS, ROOMS, SUBMISSIONS, USERS
from replay.judge import Verdict, in_outbox
from replay.kinds import IMMUTABLE, owner_of, position_of, topic_of
from replay.log import Log
from replay.looks import Look, Lookout, expected_position, fence_of
from replay.spill import Gone
from replay.tail import Tail

Conclusion = Literal["same", "missing", "extra", "different", "unsettled", "before history"]


class Conclusions:
    """Draws them from the looks of one comparison; without a tail both tables stand still."""

    def __init__(self, log: Log, tail: Tail | None, lookout: Lookout) -> None:
        self._log = log
        self._tail = tail
        self._lookout = lookout

    def draw(self, key: Key, before: Look | None, now: Look, *, is_last: bool) -> Conclusion | None:
        """What is certain of the row; `is_last`: there is no time for another look. None: look again."""
        if now.verdict is Verdict.SAME or (self._tail is not None and key in self._tail.agreed):
            return "same"
        if now.expected is None and self._is_before_history(key, now.found):
            return "before history"
        if self._is_certain(key, before, now, is_last=is_last):
            return kind_of(now)
        if not is_last:
            return None
        return "unsettled" if self._is_on_its_way(key, now) or self._is_too_quick(key, now) else kind_of(now)

    def _is_certain(self, key: Key, before: Look | None, now: Look, *, is_last: bool) -> bool:
        """Whether two reads agree, and nothing that went on at the same time can explain what they found."""
        if before is None or before.found != now.found or now.verdict is Verdict.BEHIND:
            return False
        if self._tail is None or key in self._tail.differed:
            return True
        if now.verdict is Verdict.AHEAD:
            return self._has_passed(key, now)
        if now.verdict is Verdict.MISSING and topic_of(key) is CONNECTIONS:
            # A connection of a gateway that had ended is never recorded; the log tells so a moment later.
            return is_last
        is_unchanged = expected_position(before.expected) == expected_position(now.expected)
        return is_unchanged and (is_for_good(now) or self._stood_still(key, before))

    def _has_passed(self, key: Key, now: Look) -> bool:
        """Whether the fold has come past the row's position, and met no event there that writes it."""
        position = -1 if now.found is None else position_of(now.found)
        if position is None:
            return True
        fence = fence_of(key)
        return fence is None or position <= expected_position(self._lookout.folded.get(fence))

    def _stood_still(self, key: Key, before: Look) -> bool:
        """Whether the fold knows all that the room had done when the row was read the time before."""
        fence = fence_of(key)
        return fence is None or before.fence_position <= expected_position(self._lookout.folded.get(fence))

    def _is_on_its_way(self, key: Key, now: Look) -> bool:
        if now.verdict is Verdict.BEHIND:
            return True
        position = None if now.found is None else position_of(now.found)
        outbox = now.found if key.sk == table.FENCE else now.fence
        if now.verdict is not Verdict.AHEAD or position is None or topic_of(key) is not SUBMISSIONS:
            return False
        return in_outbox(outbox, str(owner_of(key)), position)

    def _is_too_quick(self, key: Key, now: Look) -> bool:
        """Whether the room has moved on past the fold up to the last look.

        Not what a fence says that is past the log's end, or that does not hold the fact it stands at: that is a lie.
        """
        fence = fence_of(key)
        if self._tail is None or fence is None or key == fence:
            return False
        part = self._log.part_of(SUBMISSIONS, str(owner_of(key)))
        if not expected_position(self._lookout.folded.get(fence)) < now.fence_position < self._log.end(part):
            return False
        found = None if now.found is None else position_of(now.found)
        return now.verdict is not Verdict.AHEAD or (found is not None and found <= now.fence_position)

    def _is_before_history(self, key: Key, found: Item | None) -> bool:
        owner = owner_of(key, found)
        if owner is None or found is None:
            return False
        topic = topic_of(key)
        if topic is CONNECTIONS:
            return (position_of(found) or 0) < self._log.begin(self._log.part_of(CONNECTIONS, owner))
        folded = ROOMS if topic is SUBMISSIONS else USERS
        fence = fence_of(key)
        is_known = fence is not None and self._lookout.folded.get(fence) is not None
        return not is_known and self._log.begin(self._log.part_of(folded, owner)) > 0


def is_for_good(look: Look) -> bool:
    """Whether no later event could explain it: a message goes with none, and a position has one state."""
    if look.verdict is Verdict.MISSING:
        return type(look.expected) in IMMUTABLE
    return look.found is not None and position_of(look.found) == expected_position(look.expected)


def kind_of(look: Look) -> Conclusion:
    """Which kind of difference it is."""
    if look.found is None:
        return "missing"
    return "extra" if look.expected is None or isinstance(look.expected, Gone) else "different"
