"""Each goal is met on its own side of its border only, and never where something that it needs was not measured."""

from typing import Any

from bench.comparison import gateway, path
from bench.comparison.goals import Goal, Measured, goals
from bench.comparison.idle import Handshakes, Idle
from bench.comparison.storing import Storing
from bench.comparison.taken import AT_A_RATE, ONE_AT_A_TIME, SATURATED, Taken, Task
from bench.figures import Latencies
from bench.peers.catalogue import CENTRIFUGE, CENTRIFUGE_HTTP, SOCKETIO, SOURCE_DESIGN, UVLOOP_FLOOR
from tests.unit.bench.measurements import an_outcome, taken

ONE, FURTHER, SATURATED_ONES = "gateway, CPU", "of that", "gateway, saturated: 16"
WHOLE, CHEAPER, SLOWEST = "gateway, fan-out", "the same, against", "p99 ms at 2 messages/s"
MEMORY, IDLE, STORED, SHAKEN = "gateway, KiB", "idle end to end", "messages stored", "handshakes a second"


def judged(figure: str, *measurements: Taken, **others: Any) -> Goal:
    nothing: dict[str, Any] = {"idle": (), "handshakes": (), "storing": None, "latency": None, "latency_later": None}
    found = goals(Measured(taken=measurements, **(nothing | others)))
    return next(each for each in found if each.figure.startswith(figure))


def centrifuge(over_websocket: float, over_http: float, kind: str = ONE_AT_A_TIME) -> tuple[Taken, Taken]:
    return taken(CENTRIFUGE, over_websocket, kind=kind), taken(CENTRIFUGE_HTTP, over_http, kind=kind)


def slow(system: str, p99_us: float) -> Taken:
    task = Task(kind=AT_A_RATE, recipients=100, per_second=2.0)
    return Taken(system, task, an_outcome(p99_us=p99_us), {}, 0.0)


def test_nothing_is_met_where_nothing_was_measured() -> None:
    nothing = Measured(taken=(), idle=(), handshakes=(), storing=None, latency=None, latency_later=None)
    assert {each.met for each in goals(nothing)} == {None}


def test_the_gateway_is_to_be_below_either_way_of_publishing_to_centrifuge() -> None:
    peers = centrifuge(0.4, 0.9)
    assert judged(ONE, taken(gateway.NAME, 0.39), *peers).met is True
    assert judged(ONE, taken(gateway.NAME, 0.5), *peers).met is False


def test_a_peer_that_is_absent_leaves_the_figure_open() -> None:
    assert judged(ONE, taken(gateway.NAME, 0.1), taken(CENTRIFUGE, 0.4)).met is None


def test_one_at_a_time_is_not_put_beside_saturated() -> None:
    assert judged(ONE, taken(gateway.NAME, 0.1), *centrifuge(0.4, 0.4, SATURATED)).met is None


def test_ratios_are_of_the_same_round() -> None:
    rounds = [taken(gateway.NAME, 0.2), taken(gateway.NAME, 0.8)]
    peers = [*centrifuge(0.4, 0.4), *centrifuge(1.6, 1.6)]
    assert judged(ONE, *rounds, *peers).ratio.startswith("0.50 (0.50 to 0.50) ×")


def test_a_further_recipient_is_to_cost_at_most_a_quarter_more_than_on_the_floor() -> None:
    # The floor's: (20 - 1) / 99 = 0.192. A quarter more is 0.240, and 30 + 99 × 0.240 is 53.8 for a hundred.
    few = [taken(UVLOOP_FLOOR, 1.0, recipients=1), taken(gateway.NAME, 30.0, recipients=1)]
    floor = taken(UVLOOP_FLOOR, 0.2)
    assert judged(FURTHER, *few, floor, taken(gateway.NAME, 0.53)).met is True
    assert judged(FURTHER, *few, floor, taken(gateway.NAME, 0.55)).met is False


def test_saturated_both_the_figure_and_the_ratio_are_to_hold() -> None:
    def met(own: float, peer: float) -> bool | None:
        return judged(SATURATED_ONES, taken(gateway.NAME, own, kind=SATURATED), *centrifuge(peer, peer, SATURATED)).met

    assert met(0.09, 0.2) is True
    assert met(0.11, 0.4) is False
    assert met(0.09, 0.12) is False


def test_the_whole_path_is_to_cost_at_most_half_of_socketio() -> None:
    peer = taken(SOCKETIO, 2.6)
    assert judged(WHOLE, taken(path.NAME, 1.3), peer).met is True
    assert judged(WHOLE, taken(path.NAME, 1.31), peer).met is False


def test_the_source_design_is_to_cost_fifty_times_as_much() -> None:
    own = taken(path.NAME, 1.0)
    assert judged(CHEAPER, own, taken(SOURCE_DESIGN, 51.0)).met is True
    assert judged(CHEAPER, own, taken(SOURCE_DESIGN, 49.0)).met is False


def test_latency_is_compared_at_the_same_rate() -> None:
    peer = slow(SOURCE_DESIGN, 50_000)
    assert judged(SLOWEST, slow(path.NAME, 40_000), peer).met is True
    assert judged(SLOWEST, slow(path.NAME, 60_000), peer).met is False
    assert judged(SLOWEST, taken(path.NAME, 1.0, kind=AT_A_RATE), peer).met is None


def test_memory_is_judged_at_the_most_connections() -> None:
    def idle(count: int, kib: int) -> Idle:
        return Idle(gateway.NAME, count, 2**20 + count * kib * 1024, 2**20)

    found = judged(MEMORY, idle=(idle(0, 0), idle(2_000, 30), idle(10_000, 20)))
    assert (found.measured, found.met) == ("20.0 at 10,000", True)
    assert judged(MEMORY, idle=(idle(2_000, 20), idle(10_000, 21))).met is False


def test_idle_latency_is_to_hold_at_both_percentiles() -> None:
    assert judged(IDLE, latency=Latencies(500, 20.0, 50.0, 60.0)).met is True
    assert judged(IDLE, latency=Latencies(500, 19.0, 50.1, 60.0)).met is False
    assert judged(IDLE, latency=Latencies.of([])).met is None


def test_a_cluster_that_is_warm_does_not_excuse_one_that_has_just_started() -> None:
    cold, warm = Latencies(500, 26.0, 55.0, 60.0), Latencies(500, 18.0, 24.0, 30.0)
    assert judged(f"{IDLE} through Kafka and the table, just", latency=cold, latency_later=warm).met is False
    assert judged(f"{IDLE} through Kafka and the table, after", latency=cold, latency_later=warm).met is True


def test_four_fifths_of_the_tables_rate_are_to_be_stored() -> None:
    each = taken(path.NAME, 1.0)
    assert judged(STORED, storing=Storing(160, 200, each)).met is True
    assert judged(STORED, storing=Storing(159, 200, each)).met is False


def test_five_hundred_handshakes_a_second_are_to_be_done_by_the_gateway_itself() -> None:
    def handshakes(system: str, per_second: float) -> Handshakes:
        return Handshakes(system, 2_000, per_second, 1.9, 90, 120, 0.05, 0.1)

    assert judged(SHAKEN, handshakes=(handshakes(gateway.NAME, 500),)).met is True
    assert judged(SHAKEN, handshakes=(handshakes(gateway.NAME, 499),)).met is False
    assert judged(SHAKEN, handshakes=(handshakes(CENTRIFUGE, 9_000),)).met is None
