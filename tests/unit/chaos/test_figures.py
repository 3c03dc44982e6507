"""The figures of a report are those of the journal."""

from pathlib import Path

from tests.chaos.journal import (
    Acked,
    AnyEntry,
    Began,
    Closed,
    Ended,
    FaultBegan,
    FaultEnded,
    Journal,
    Opened,
    Received,
    Recovered,
    Sent,
    read_journal,
)
from tests.chaos.oracle.calm import calm_s, troubled
from tests.chaos.oracle.evidence import Evidence, Violation
from tests.chaos.report import figures, plots, text

JOURNAL: tuple[AnyEntry, ...] = (
    Began(at=0.0, seed=1, clock=1000.0),
    Opened(at=1.0, connection=1, client="ann", user="ann", gateway="gateway-1"),
    Sent(at=2.0, connection=1, room="r", tag="a", keyed=True),
    Acked(at=2.1, connection=1, tag="a", message="m1"),
    Received(at=2.2, connection=1, room="r", seq=1, message="m1", tag="a"),
    Received(at=2.3, connection=1, room="r", seq=1, message="m1", tag="a"),
    FaultBegan(at=3.0, number=1, name="kill -9", target="gateway-1"),
    FaultEnded(at=3.0, number=1),
    Closed(at=3.1, connection=1),
    Sent(at=3.5, connection=1, room="r", tag="b", keyed=True),
    Opened(at=5.0, connection=2, client="ann", user="ann", gateway="gateway-2"),
    Received(at=6.0, connection=2, room="r", seq=2, message="m2", tag="b"),
    Recovered(at=7.0, number=1, what="process", seconds=4.0),
    FaultBegan(at=8.0, number=2, name="kill -9", target="api"),
    FaultEnded(at=8.0, number=2, error="api does not run just now"),
    Ended(at=9.0),
)


def test_a_kill_is_told_with_the_return_of_process_delivery_and_clients() -> None:
    found = figures.of(Evidence(JOURNAL, (), {}))
    killed, not_done = found.faults
    assert (killed.process_s, killed.delivery_s, killed.clients_s) == (4.0, 2.5, 2.0)
    assert not_done.error is not None
    assert found.kills == 1
    assert (found.acked, found.delivered, found.repeated) == (1, 3, 1)
    assert found.repeated_young == 1
    assert found.longest_wait_s == 2.5


def test_the_report_names_faults_verdicts_and_violations(tmp_path: Path) -> None:
    found = figures.of(Evidence(JOURNAL, (), {}))
    pictures = plots.draw(found, tmp_path)
    assert all((tmp_path / name).stat().st_size for name in pictures)
    written = text.report(found, [Violation(4, "a hole", "r")], made="now", pictures=pictures)
    assert "kill -9 gateway-1" in written
    assert "not done: api does not run just now" in written
    assert "- (4) a hole [room r]" in written
    assert "![latency](latency.png)" in written


def test_a_journal_that_was_cut_short_reads_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    for entry in JOURNAL:
        journal.write(entry)
    journal.close()
    path.write_bytes(path.read_bytes()[:-5])
    assert tuple(read_journal(path)) == JOURNAL[:-1]


def test_seconds_under_a_fault_are_not_calm() -> None:
    spans = troubled(JOURNAL)
    assert spans == [(3.0, 53.0)]
    assert calm_s(0.0, 60.0, spans) == 10.0
    assert calm_s(10.0, 50.0, spans) == 0.0
