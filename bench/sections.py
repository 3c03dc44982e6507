"""Results as tables. Pure."""

from collections.abc import Mapping, Sequence

from bench.latency import Idle
from bench.legs import Leg
from bench.report import Section, noted, times
from bench.spans import Bar
from bench.startup import Startup
from bench.steady import Steady

_TIMES = ("p50 ms", "p99 ms", "max ms", "count")


def startup(result: Startup, where: str) -> Section:
    """Time of a start."""
    rows = [("ready", result.ready_s), ("first message delivered", result.first_message_s)]
    return Section(f"Start, the second time ({where})", ("", "seconds"), rows, [noted(result.conditions)])


def memory(mebibytes: Mapping[str, float], where: str) -> Section:
    """Memory at rest."""
    rows = [*mebibytes.items(), ("all", sum(mebibytes.values()))]
    return Section(f"Resident memory at rest ({where})", ("process", "MiB"), rows)


def idle(result: Idle, where: str) -> Section:
    """Idle latency."""
    rows = [
        ("sent → received by the other", *times(result.delivery)),
        ("sent → acknowledged", *times(result.acknowledgement)),
    ]
    return Section(f"Idle, one message at a time ({where})", ("", *_TIMES), rows, [noted(result.conditions)])


def legs(result: Sequence[Leg], where: str) -> Section:
    """Where idle latency goes."""
    return Section(f"Idle, leg by leg ({where})", ("leg", *_TIMES), [(leg.name, *times(leg.time)) for leg in result])


def spans(result: Sequence[Bar], where: str) -> Section:
    """The same from traces, span by span."""
    rows = [
        (f"{bar.process}: {bar.name}", bar.began, bar.ended, bar.ended - bar.began, bar.lasts_p99) for bar in result
    ]
    notes = ["Middle of all messages, after the frame was taken; every message is recorded, which costs some of it."]
    return Section(f"Idle, from traces ({where})", ("span", "begins, ms", "ends, ms", "lasts, ms", "p99"), rows, notes)


def means(result: Mapping[tuple[str, str], float], where: str) -> Section:
    """What the processes count for themselves."""
    rows = [(f"{process}: {metric}", value) for (process, metric), value in result.items()]
    return Section(f"Idle, means the processes count ({where})", ("", "ms"), rows)


def steady(result: Steady, where: str) -> Section:
    """Latency under load."""
    load = result.load
    title = f"{load.per_second} messages/s, {load.rooms} rooms, {result.connections} connections, {load.seconds:.0f} s"
    rows = [
        ("intended → received", *times(result.delivery)),
        ("intended → acknowledged", *times(result.acknowledgement)),
        ("intended → sent (the generator itself)", *times(result.sending_late)),
    ]
    verdict = result.verdict
    checked = (
        f"Deliveries: {verdict.expected} expected, {verdict.delivered} came; {verdict.missing} missing, "
        f"{verdict.doubled} doubled, {verdict.strangers} not owed, {verdict.out_of_order} out of order; "
        f"{result.complaints} refusals"
    )
    return Section(f"{title} ({where})", ("", *_TIMES), rows, [checked, noted(result.conditions)])


def cpu(result: Steady, where: str) -> Section:
    """What the load cost."""
    messages = result.load.per_second * result.load.seconds
    rows = [
        (name, seconds, 100 * seconds / result.elapsed_s, 1000 * seconds / messages)
        for name, seconds in result.cpu_s.items()
    ]
    columns = ("process", "CPU seconds", "% of a core", "ms a message")
    return Section(f"CPU under that load ({where})", columns, rows)
