"""The comparison as tables: ratios first, absolute figures second. Pure."""

from collections.abc import Iterable, Sequence

from bench.comparison import gateway, path
from bench.comparison.goals import Goal, ratios
from bench.comparison.idle import Handshakes, Idle
from bench.comparison.rounds import Comparison
from bench.comparison.taken import AT_A_RATE, ONE_AT_A_TIME, SATURATED, Spread, Taken, chosen
from bench.report import Cell, Section

_VERDICTS = {True: "met", False: "MISSED", None: "not measured"}


def goals(found: Sequence[Goal]) -> Section:
    """The figures to reach."""
    rows = [(each.figure, each.goal, each.ratio, each.measured, _VERDICTS[each.met]) for each in found]
    notes = [
        "CPU is user and system time of all processes of the server under test. A ratio is taken round by round; it "
        "and each figure: the middle (least to most) of the rounds."
    ]
    return Section("Figures to reach", ("figure", "goal", "ratio", "measured", ""), rows, notes)


def ran(comparison: Comparison) -> Section:
    """Which systems took part."""
    systems = dict.fromkeys(each.system for each in comparison.taken)
    rows = [(name, "measured") for name in systems if name not in comparison.failed]
    rows += [(name, f"did not hold: {reason}") for name, reason in comparison.failed.items()]
    rows += [(name, f"could not be set up here: {reason}") for name, reason in comparison.absent.items()]
    notes = [
        f"{comparison.rounds} rounds, every system in turn and started anew in each. Payload 200 bytes; every delivery "
        "counted and checked. What each peer guarantees of order is its own affair: it is counted, not judged."
    ]
    return Section("Systems", ("system", ""), rows, notes)


def to_a_hundred(taken: Sequence[Taken], kind: str, title: str) -> Section:
    """One way of publishing to 100 connections, each system a row, as multiples of Kaiwa's gateway."""
    own = [each.cpu_per_100k for each in chosen(taken, gateway.NAME, kind, recipients=100)]
    rows = [row for group in _grouped(each for each in taken if _is(each, kind)) if (row := _row(group, own))]
    columns = (
        "system", "times the gateway", "CPU s / 100,000", "kernel's part", "deliveries/s", "p50 ms", "p99 ms",
        "messages a read", "generator CPU", "others, cores", "not as it should be",
    )  # fmt: skip
    return Section(title, columns, rows)


def _is(taken: Taken, kind: str) -> bool:
    return taken.task.kind == kind and taken.task.recipients == 100


def _grouped(taken: Iterable[Taken]) -> list[list[Taken]]:
    groups: dict[object, list[Taken]] = {}
    for each in taken:
        groups.setdefault((each.system, each.task), []).append(each)
    return list(groups.values())


def _row(group: Sequence[Taken], own: Sequence[float]) -> Sequence[Cell]:
    times = ratios([each.cpu_per_100k for each in group], own)
    return (
        _name(group[0]),
        times.text() if times else "",
        _text((each.cpu_per_100k for each in group), 3),
        _text((each.system_per_100k for each in group), 3),
        _text((each.deliveries_per_s for each in group), 0),
        _text((each.outcome.p50_us / 1000 for each in group), 2),
        _text((each.outcome.p99_us / 1000 for each in group), 2),
        _text((each.outcome.delivered / max(1, each.outcome.reads) for each in group), 1),
        _text((each.generator_per_100k for each in group), 3),
        _text((each.others_cores for each in group), 2),
        "; ".join(dict.fromkeys(each.outcome.complaint() for each in group if each.outcome.complaint())),
    )


def _name(taken: Taken) -> str:
    task = taken.task
    if task.kind == AT_A_RATE:
        return f"{taken.system}, {task.per_second:,.0f}/s"
    if task.bundle > 1:
        return f"{taken.system}, {task.window} requests of {task.bundle} pushes"
    return f"{taken.system}, window {task.window}" if task.kind == SATURATED else taken.system


def _text(values: Iterable[float], digits: int) -> str:
    spread = Spread.of(values)
    return spread.text(digits) if spread else ""


def by_recipients(taken: Sequence[Taken]) -> Section:
    """CPU of one publication at a time, by the number of recipients."""
    counts = sorted({each.task.recipients for each in taken if each.task.kind == ONE_AT_A_TIME})
    systems = dict.fromkeys(each.system for each in taken)
    rows = [
        (name, *(_text(_cpu(chosen(taken, name, ONE_AT_A_TIME, recipients=count)), 2) for count in counts))
        for name in systems
    ]
    return Section(
        "CPU s per 100,000 deliveries, one publication at a time, by recipients",
        ("system", *(f"{count:,}" for count in counts)),
        rows,
    )


def _cpu(taken: Iterable[Taken]) -> list[float]:
    return [each.cpu_per_100k for each in taken]


def engines(taken: Sequence[Taken]) -> Section:
    """Where the CPU of the whole path goes, Kafka and the table included."""
    whole = chosen(taken, path.NAME, ONE_AT_A_TIME)
    names = list(dict.fromkeys(name for each in whole for name in (*each.cpu, *each.beside)))
    rows = [
        (
            name,
            _text(
                (1e5 * {**each.cpu, **each.beside}[name].all_s / max(1, each.outcome.delivered) for each in whole), 3
            ),
        )
        for name in names
    ]
    title = "The whole path, CPU s per 100,000 deliveries by process, one message to 100 at a time"
    return Section(title, ("process", "CPU s / 100,000"), rows)


def memory(idle: Sequence[Idle]) -> Section:
    """Memory of idle connections."""
    rows = [
        (each.system, f"{each.connections:,}", each.resident_bytes / 2**20, each.kib_each if each.connections else "")
        for each in idle
    ]
    columns = ("system", "connections", "MiB of its processes", "KiB a connection")
    return Section("Memory of idle connections", columns, rows)


def handshakes(found: Sequence[Handshakes]) -> Section:
    """What opening a connection takes."""
    rows = [
        (
            each.system, f"{each.count:,}", f"{each.per_second:,.0f}", f"{each.cpu_ms:.3f}", f"{each.p50_ms:.1f}",
            f"{each.p99_ms:.1f}", f"{each.generator_cpu_ms:.3f}", f"{each.others_cores:.2f}",
        )
        for each in found
    ]  # fmt: skip
    columns = (
        "system", "opened", "a second", "CPU ms each", "p50 ms", "p99 ms", "generator CPU ms each", "others, cores",
    )  # fmt: skip
    return Section("Handshakes, 50 side by side (serverless-offline: 4)", columns, rows)
