"""What differs between a recorded fact and the one that would be made today, and how many differ alike. Pure."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from replay.log import Place
from replay.words import CONTENT, hidden

EXAMPLES = 5
_OF_THE_CASE = frozenset({"eventId", "occurredAt", "submission", "version", "chatRoomId", "profilePosition"})
"""Fields that say which case it is, or what it stood on, and not how it was decided."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One submission that would be decided otherwise."""

    place: Place
    cause: str
    recorded: dict[str, Any]
    today: dict[str, Any] | None
    """None: the code makes no fact of it."""
    problem: str = ""

    def data(self, *, show_content: bool) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "place": str(self.place),
            "cause": self.cause,
            "recorded": shown(self.recorded, show_content),
            "today": None if self.today is None else shown(self.today, show_content),
            **({"problem": self.problem} if self.problem else {}),
        }


@dataclass(slots=True)
class Cause:
    """Submissions that differ alike."""

    name: str
    count: int = 0
    examples: list[Changed] = field(default_factory=list)

    def add(self, one: Changed) -> None:
        """Count it; the first few are kept."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(one)


def compare(place: Place, recorded: bytes, today: bytes | None, problem: str) -> Changed | None:
    """What differs, or None."""
    before: dict[str, Any] = msgspec.json.decode(recorded)
    if today is None:
        # What cannot be decided was put aside and answered with INTERNAL: then as now.
        if before.get("code") == "INTERNAL":
            return None
        return Changed(place, f"{verdict(before)} → put aside: {problem.partition(':')[0]}", before, None, problem)
    after: dict[str, Any] = msgspec.json.decode(today)
    if verdict(before) != verdict(after):
        return Changed(place, f"{verdict(before)} → {verdict(after)}", before, after)
    names = sorted({*before, *after} - _OF_THE_CASE)
    other = [name for name in names if before.get(name) != after.get(name)]
    if not other:
        return None
    return Changed(place, f"{verdict(before)}: another {', '.join(other)}", before, after)


def verdict(fact: dict[str, Any]) -> str:
    """The kind of a fact, and its code if it is a refusal."""
    code = fact.get("code")
    return str(fact.get("type")) if code is None else f"{fact.get('type')} {code}"


def shown(fact: dict[str, Any], show_content: bool) -> dict[str, Any]:
    """The fact without what people wrote."""
    if show_content:
        return fact
    return {
        name: hidden(value) if name in CONTENT and isinstance(value, str) else value for name, value in fact.items()
    }
