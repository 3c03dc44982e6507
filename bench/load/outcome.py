"""What the load generator tells of a run, read from its line of JSON. Pure."""

from dataclasses import dataclass
from typing import TypeVar

from msgspec import DecodeError, json

_Answer = TypeVar("_Answer")


class GeneratorFailed(Exception):
    """The load generator ended, or said what nobody understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Connections that were opened."""

    ready: int
    """All that stand now, earlier ones included."""
    refused: int
    status: int
    """The HTTP status of the last refusal."""
    seconds: float
    cpu_s: float
    p50_us: float
    p99_us: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run: publications, and what became of each delivery that they owed."""

    sent: int
    expected: int
    delivered: int
    """Each publication once for each connection."""
    doubled: int
    out_of_order: int
    stray: int
    """Deliveries that no connection was owed in this run."""
    closed: int
    http_failures: int
    reads: int
    seconds: float
    cpu_s: float
    """Of the generator itself."""
    p50_us: float
    p90_us: float
    p99_us: float
    max_us: float

    @property
    def missing(self) -> int:
        """What was owed and did not come."""
        return self.expected - self.delivered

    @property
    def is_whole(self) -> bool:
        """Every delivery came, once, and nothing failed."""
        return not (self.missing or self.doubled or self.stray or self.closed or self.http_failures)

    @property
    def is_perfect(self) -> bool:
        """Whole, and in order."""
        return self.is_whole and not self.out_of_order

    def complaint(self) -> str:
        """What was not as it should be, in words; nothing if all was."""
        counts = {
            "missing": self.missing,
            "doubled": self.doubled,
            "out of order": self.out_of_order,
            "not owed": self.stray,
            "connections closed": self.closed,
            "requests refused": self.http_failures,
        }
        return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def connected(line: bytes) -> Connected:
    """Of `connect`. Raises GeneratorFailed."""
    return _read(line, Connected)


def outcome(line: bytes) -> Outcome:
    """Of `closed`, `open` and `settle`. Raises GeneratorFailed."""
    return _read(line, Outcome)


def _read(line: bytes, kind: type[_Answer]) -> _Answer:
    try:
        return json.decode(line, type=kind)
    except DecodeError as error:
        raise GeneratorFailed(f"the load generator said {line[:200]!r}: {error}") from error
