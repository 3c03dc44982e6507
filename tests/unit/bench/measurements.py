"""Measurements as the comparison takes them, made up."""

from bench.comparison.taken import ONE_AT_A_TIME, Taken, Task
from bench.comparison.usage import Cpu
from bench.load.outcome import Outcome


def an_outcome(**changed: float) -> Outcome:
    told: dict[str, float] = {
        "sent": 1_000,
        "expected": 100_000,
        "delivered": 100_000,
        "doubled": 0,
        "out_of_order": 0,
        "stray": 0,
        "closed": 0,
        "http_failures": 0,
        "reads": 100_000,
        "seconds": 2.0,
        "cpu_s": 0.2,
        "p50_us": 300.0,
        "p90_us": 400.0,
        "p99_us": 500.0,
        "max_us": 900.0,
    }
    return Outcome(**(told | changed))  # type: ignore[arg-type]


def taken(
    system: str, cpu_s: float, *, kind: str = ONE_AT_A_TIME, recipients: int = 100, outcome: Outcome | None = None
) -> Taken:
    """100,000 deliveries that took so much CPU, half of it in the kernel."""
    task = Task(kind=kind, recipients=recipients)
    return Taken(system, task, outcome or an_outcome(), {"server": Cpu(cpu_s / 2, cpu_s / 2)}, 0.1)
