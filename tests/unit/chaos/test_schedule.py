"""A run lasts until its plan is done."""

from pathlib import Path
from typing import cast

import pytest

from tests.chaos.faults.fault import Stage
from tests.chaos.journal import Acked
from tests.chaos.load import JournalBook
from tests.chaos.schedule import Plan, Schedule


def schedule(tmp_path: Path, plan: Plan, *, kills: int, acked: int) -> Schedule:
    book = JournalBook(tmp_path / "journal.jsonl", plan.seed)
    for number in [*range(acked), *range(acked)]:
        # Who sends again is told again.
        book.note(Acked(at=1.0, connection=1, tag=f"t{number}", message=f"m{number}"))
    made = Schedule(cast("Stage", None), plan, book, lambda _text: None)
    made.kills = kills
    book.close()
    return made


@pytest.mark.parametrize(("kills", "acked", "share"), [(4, 0, 0.0), (4, 5, 0.5), (2, 10, 0.5), (4, 10, 1.0)])
def test_a_run_goes_on_until_there_were_enough_kills_and_enough_messages(
    tmp_path: Path, kills: int, acked: int, share: float
) -> None:
    assert schedule(tmp_path, Plan(1, kills=4, messages=10), kills=kills, acked=acked).done == share


def test_a_run_without_such_a_goal_lasts_so_many_seconds(tmp_path: Path) -> None:
    assert schedule(tmp_path, Plan(1, seconds=1e9), kills=9, acked=9).done < 0.01
