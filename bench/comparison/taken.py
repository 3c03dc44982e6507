"""One measurement of one system, and many of the same kind in a few figures. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.comparison.usage import Cpu
from bench.load.outcome import Outcome

ONE_AT_A_TIME, SATURATED, AT_A_RATE = "one at a time", "saturated", "at a rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What was asked of a system."""

    kind: str
    recipients: int
    window: int = 1
    """Requests outstanding."""
    bundle: int = 1
    """Publications in a request."""
    per_second: float = 0.0
    """Publications a second, where that is given."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it."""

    system: str
    task: Task
    outcome: Outcome
    cpu: Mapping[str, Cpu]
    """Of the system's processes, by name."""
    others_cores: float
    """What everything else on the machine took meanwhile."""
    beside: Mapping[str, Cpu] = field(default_factory=dict)
    """CPU of processes that are told of apart."""

    @property
    def cpu_per_100k(self) -> float:
        """CPU seconds of all the system's processes for 100,000 deliveries."""
        return 1e5 * sum(each.all_s for each in self.cpu.values()) / max(1, self.outcome.delivered)

    @property
    def system_per_100k(self) -> float:
        """The kernel's part of that."""
        return 1e5 * sum(each.system_s for each in self.cpu.values()) / max(1, self.outcome.delivered)

    @property
    def generator_per_100k(self) -> float:
        """What the load generator took for them."""
        return 1e5 * self.outcome.cpu_s / max(1, self.outcome.delivered)

    @property
    def deliveries_per_s(self) -> float:
        return self.outcome.delivered / max(self.outcome.seconds, 1e-9)


@dataclass(frozen=True, slots=True)
class Spread:
    """The same figure, measured several times."""

    middle: float
    least: float
    most: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread | None":
        """None where nothing was measured."""
        found = list(values)
        return cls(median(found), min(found), max(found), len(found)) if found else None

    def text(self, digits: int = 2) -> str:
        """`0.48 (0.45 to 0.61)`; alone where it was measured once."""
        if self.count == 1:
            return f"{self.middle:,.{digits}f}"
        return f"{self.middle:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"


def chosen(
    taken: Iterable[Taken], system: str, kind: str, *, recipients: int | None = None, bundle: int | None = None
) -> list[Taken]:
    """Those of a system and a kind."""
    return [
        each
        for each in taken
        if each.system == system
        and each.task.kind == kind
        and recipients in (None, each.task.recipients)
        and bundle in (None, each.task.bundle)
    ]


def further_recipient_per_100k(few: Sequence[Taken], many: Sequence[Taken]) -> list[float]:
    """CPU seconds that 100,000 further recipients cost, round by round: what a request costs by itself is left out.

    Between one publication to few recipients and one to many nothing differs but the recipients, so this is what
    finding a connection and writing to it take.
    """
    return [_further(one, other) for one, other in zip(few, many, strict=False)]


def _further(few: Taken, many: Taken) -> float:
    one, other = (each.cpu_per_100k * each.task.recipients for each in (few, many))
    return (other - one) / (many.task.recipients - few.task.recipients)
