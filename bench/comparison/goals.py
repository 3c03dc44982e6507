"""The figures to reach, each beside what stood next to it in the same run, and whether it was reached. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from bench.comparison import gateway, path
from bench.comparison.idle import Handshakes, Idle
from bench.comparison.storing import Storing
from bench.comparison.taken import (
    AT_A_RATE,
    ONE_AT_A_TIME,
    SATURATED,
    Spread,
    Taken,
    chosen,
    further_recipient_per_100k,
)
from bench.figures import Latencies
from bench.peers.catalogue import CENTRIFUGE, CENTRIFUGE_HTTP, SOCKETIO, SOURCE_DESIGN, UVLOOP_FLOOR

RECIPIENTS = 100


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure. `met` None: something that it needs was not measured."""

    figure: str
    goal: str
    measured: str
    ratio: str
    met: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that goals are judged by."""

    taken: Sequence[Taken]
    idle: Sequence[Idle]
    handshakes: Sequence[Handshakes]
    storing: Storing | None
    latency: Latencies | None
    """End to end, one message at a time, just after the start."""
    latency_later: Latencies | None
    """The same after the loads."""


def goals(measured: Measured) -> list[Goal]:
    """The table of figures, in its order."""
    return [
        _one_at_a_time(measured.taken),
        _socket_part(measured.taken),
        *(_saturated(measured.taken, bundle) for bundle in (1, 16)),
        _whole_path(measured.taken),
        _source_design_cpu(measured.taken),
        *(_source_design_latency(measured.taken, share) for share in ("p50", "p99")),
        _memory(measured.idle),
        _latency("just started", measured.latency),
        _latency("after the loads", measured.latency_later),
        _storing(measured.storing),
        _handshakes(measured.handshakes),
    ]


def ratios(own: Sequence[float], other: Sequence[float]) -> Spread | None:
    """Own over other, round by round."""
    return Spread.of(mine / theirs for mine, theirs in zip(own, other, strict=False) if theirs)


def _below(figure: str, goal: str, own: Sequence[float], others: Mapping[str, Sequence[float]], most: float) -> Goal:
    """Own over the least of the others, in the middle of the rounds, is at most `most`."""
    found = {name: ratio for name, values in others.items() if (ratio := ratios(own, values)) is not None}
    spread = Spread.of(own)
    worst = max((ratio.middle for ratio in found.values()), default=None)
    text = "; ".join(f"{ratio.text()} × {name}" for name, ratio in found.items())
    met = None if worst is None or len(found) < len(others) else worst <= most
    return Goal(figure, goal, spread.text(3) if spread else "", text, met)


def _cpu(taken: Iterable[Taken], system: str, kind: str, bundle: int | None = None) -> list[float]:
    return [each.cpu_per_100k for each in chosen(taken, system, kind, recipients=RECIPIENTS, bundle=bundle)]


def _one_at_a_time(taken: Sequence[Taken]) -> Goal:
    peers = {name: _cpu(taken, name, ONE_AT_A_TIME) for name in (CENTRIFUGE_HTTP, CENTRIFUGE)}
    title = "gateway, CPU s per 100,000 deliveries, one message to 100 at a time"
    return _below(title, "below centrifuge", _cpu(taken, gateway.NAME, ONE_AT_A_TIME), peers, 1.0)


def _socket_part(taken: Sequence[Taken]) -> Goal:
    own, floor = (further_of(taken, system) for system in (gateway.NAME, UVLOOP_FLOOR))
    title = "of that, what each further recipient costs"
    return _below(title, "≤ 1.25 × the floor on uvloop", own, {UVLOOP_FLOOR: floor}, 1.25)


def further_of(taken: Sequence[Taken], system: str) -> list[float]:
    """What a recipient more costs a system, round by round."""
    few = chosen(taken, system, ONE_AT_A_TIME, recipients=1)
    return further_recipient_per_100k(few, chosen(taken, system, ONE_AT_A_TIME, recipients=RECIPIENTS))


def _saturated(taken: Sequence[Taken], bundle: int) -> Goal:
    own = _cpu(taken, gateway.NAME, SATURATED, bundle)
    peers = {name: _cpu(taken, name, SATURATED) for name in (CENTRIFUGE_HTTP, CENTRIFUGE)}
    how = "16 requests of one push outstanding" if bundle == 1 else f"4 requests of {bundle} pushes outstanding"
    found = _below(f"gateway, saturated: {how}", "≤ 0.10, and half of centrifuge", own, peers, 0.5)
    spread = Spread.of(own)
    met = None if found.met is None or spread is None else found.met and spread.middle <= 0.10
    return Goal(found.figure, found.goal, found.measured, found.ratio, met)


def _whole_path(taken: Sequence[Taken]) -> Goal:
    title = "gateway, fan-out and persistence, CPU s per 100,000 deliveries to 100"
    peers = {SOCKETIO: _cpu(taken, SOCKETIO, ONE_AT_A_TIME)}
    return _below(title, "≤ half of Socket.IO + Redis", _cpu(taken, path.NAME, ONE_AT_A_TIME), peers, 0.5)


def _source_design_cpu(taken: Sequence[Taken]) -> Goal:
    peers = {SOURCE_DESIGN: _cpu(taken, SOURCE_DESIGN, ONE_AT_A_TIME)}
    own = _cpu(taken, path.NAME, ONE_AT_A_TIME)
    return _below("the same, against the source design", "≤ 1/50", own, peers, 0.02)


def _source_design_latency(taken: Sequence[Taken], share: str) -> Goal:
    own, other = (
        [getattr(each.outcome, f"{share}_us") / 1000 for each in chosen(taken, system, AT_A_RATE) if _is_slow(each)]
        for system in (path.NAME, SOURCE_DESIGN)
    )
    title = f"{share} ms at 2 messages/s to 100"
    return _below(title, "below the source design", own, {SOURCE_DESIGN: other}, 1.0)


def _is_slow(taken: Taken) -> bool:
    return taken.task.per_second == 2.0


def _memory(idle: Sequence[Idle]) -> Goal:
    most = {each.system: each for each in idle if each.connections}
    own, other = most.get(gateway.NAME), most.get(CENTRIFUGE)
    ratio = f"{own.kib_each / other.kib_each:.2f} × {CENTRIFUGE}" if own and other and other.kib_each else ""
    text = f"{own.kib_each:.1f} at {own.connections:,}" if own else ""
    return Goal("gateway, KiB an idle connection", "≤ 20", text, ratio, own.kib_each <= 20 if own else None)


def _latency(when: str, latency: Latencies | None) -> Goal:
    title, goal = f"idle end to end through Kafka and the table, {when}, p50 / p99 ms", "≤ 20 / 50"
    if latency is None or isnan(latency.p50):
        return Goal(title, goal, "", "", None)
    met = latency.p50 <= 20 and latency.p99 <= 50
    return Goal(title, goal, f"{latency.p50:.1f} / {latency.p99:.1f}", "", met)


def _storing(storing: Storing | None) -> Goal:
    title = "messages stored and delivered a second, of the table's own transactions"
    if storing is None:
        return Goal(title, "≥ 80 %", "", "", None)
    text = f"{storing.messages_per_s:,.0f} of {storing.transactions_per_s:,.0f}"
    return Goal(title, "≥ 80 %", text, f"{100 * storing.share:.0f} %", storing.share >= 0.8)


def _handshakes(handshakes: Sequence[Handshakes]) -> Goal:
    own = [each for each in handshakes if each.system == gateway.NAME]
    title = "handshakes a second on one gateway (token verified, Kafka acknowledged)"
    if not own:
        return Goal(title, "≥ 500", "", "", None)
    text = f"{own[0].per_second:,.0f}, {own[0].cpu_ms:.2f} ms of CPU each"
    return Goal(title, "≥ 500", text, "", own[0].per_second >= 500)
