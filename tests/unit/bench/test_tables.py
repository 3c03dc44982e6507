from pathlib import Path

from rich.console import Console

from bench import beside
from bench.comparison import gateway, path, tables
from bench.comparison.idle import Handshakes, Idle
from bench.comparison.rounds import Comparison
from bench.comparison.taken import AT_A_RATE, ONE_AT_A_TIME, SATURATED, Taken, Task
from bench.own import Found
from bench.peers.catalogue import CENTRIFUGE, CENTRIFUGE_HTTP, SOCKETIO
from bench.report import Report
from tests.unit.bench.measurements import an_outcome, taken


def compared() -> Comparison:
    """Two rounds of the gateway and of centrifuge."""
    measured = [
        each
        for cpu in (0.4, 0.5)
        for name, times in ((gateway.NAME, 1.0), (CENTRIFUGE, 2.0), (CENTRIFUGE_HTTP, 3.0))
        for each in (taken(name, cpu * times), taken(name, cpu * times / 4, kind=SATURATED), _rated(name))
    ]
    idle = [Idle(gateway.NAME, 0, 2**26, 2**26), Idle(gateway.NAME, 2_000, 2**26 + 2_000 * 12_288, 2**26)]
    shaken = [Handshakes(gateway.NAME, 2_000, 610.0, 1.6, 70, 110, 0.05, 0.1)]
    return Comparison(2, {SOCKETIO: "no pip"}, taken=measured, idle=idle, handshakes=shaken)


def _rated(system: str) -> Taken:
    return Taken(system, Task(kind=AT_A_RATE, recipients=100, per_second=100), an_outcome(), {}, 0.0)


def test_a_peer_is_told_as_a_multiple_of_the_gateway_round_by_round() -> None:
    section = tables.to_a_hundred(compared().taken, ONE_AT_A_TIME, "")
    assert [row[:2] for row in section.rows] == [
        (gateway.NAME, "1.00 (1.00 to 1.00)"),
        (CENTRIFUGE, "2.00 (2.00 to 2.00)"),
        (CENTRIFUGE_HTTP, "3.00 (3.00 to 3.00)"),
    ]


def test_a_system_that_is_absent_is_named_with_the_reason() -> None:
    assert (SOCKETIO, "could not be set up here: no pip") in tables.ran(compared()).rows


def test_a_system_that_did_not_hold_is_not_told_as_measured() -> None:
    found = compared()
    found.failed[CENTRIFUGE] = "5 missing"
    rows = tables.ran(found).rows
    assert (CENTRIFUGE, "did not hold: 5 missing") in rows
    assert (CENTRIFUGE, "measured") not in rows


def test_what_was_not_as_it_should_be_stands_in_the_table() -> None:
    late = taken(CENTRIFUGE, 1.0, outcome=an_outcome(out_of_order=3))
    assert tables.to_a_hundred([late], ONE_AT_A_TIME, "").rows[0][-1] == "3 out of order"


def test_engines_stand_beside_the_whole_path_and_not_in_it() -> None:
    each = taken(path.NAME, 1.0)
    with_kafka = Taken(each.system, each.task, each.outcome, each.cpu, 0.0, {"kafka": each.cpu["server"]})
    assert tables.engines([with_kafka]).rows == [("server", "1.000"), ("kafka", "1.000")]
    assert with_kafka.cpu_per_100k == 1.0


def test_the_report_begins_with_the_figures_to_reach_and_shows_its_plots(tmp_path: Path) -> None:
    report = Report()
    assert beside.conclude(compared(), Found(), report, Console(quiet=True), tmp_path / "plots")
    report.write(tmp_path / "report.md", command="python -m bench")
    text = (tmp_path / "report.md").read_text()
    assert text.index("## Figures to reach") < text.index("## Systems")
    assert all((tmp_path / each.file).exists() and each.file in text for each in report.pictures)


def test_a_delivery_of_the_gateways_that_came_twice_fails_the_run(tmp_path: Path) -> None:
    found = compared()
    found.taken.append(taken(gateway.NAME, 1.0, outcome=an_outcome(doubled=1)))
    assert not beside.conclude(found, Found(), Report(), Console(quiet=True), tmp_path)


def test_a_peer_that_lost_order_does_not(tmp_path: Path) -> None:
    found = compared()
    found.taken.append(taken(CENTRIFUGE, 1.0, outcome=an_outcome(out_of_order=1)))
    assert beside.conclude(found, Found(), Report(), Console(quiet=True), tmp_path)
