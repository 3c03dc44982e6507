"""Golden events of every version ever written fold to the same rows for ever: golden_fold.json holds them.

A new event, or a new version, is added to the file; a row that changes for an old one is a fault.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from chassis.items import item
from chassis.projection.profiles import rows_of_profile
from chassis.records import Record
from contracts.facts import Fact
from contracts.topics import CONNECTIONS, ROOMS, USERS
from contracts.users import ProfileUpdated
from replay.effects import writes_of
from replay.refold import ConnectionsRefold
from replay.seen import see

EXAMPLES = Path(__file__).parents[3] / "contracts" / "examples" / "events"
GOLDEN = Path(__file__).with_name("golden_fold.json")
PATHS = [path for topic in (ROOMS, USERS, CONNECTIONS) for path in sorted((EXAMPLES / topic.name).glob("*.json"))]


def folded(path: Path) -> dict[str, Any]:
    topic = path.parent.name
    seen = see(Record(topic, 0, 7, 1_753_900_200_000, b"key", path.read_bytes()))
    if isinstance(seen.event, Fact):
        writes = writes_of(seen.event)
    elif isinstance(seen.event, ProfileUpdated):
        writes = rows_of_profile(seen.event, seen.record.offset, {})
    else:
        writes = ConnectionsRefold().apply(seen)
    return {f"{key.pk} | {key.sk}": None if row is None else item(key, row) for key, row in writes.items()}


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", PATHS, ids=named)
def test_a_golden_event_folds_to_its_rows(path: Path) -> None:
    golden = json.loads(GOLDEN.read_text())
    assert json.loads(json.dumps(folded(path))) == golden[named(path)]


def test_no_golden_event_was_taken_away() -> None:
    assert set(json.loads(GOLDEN.read_text())) == {named(path) for path in PATHS}
