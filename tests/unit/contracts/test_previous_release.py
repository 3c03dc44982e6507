"""Events of every earlier release are read by every service that consumes their topic (docs/operations.md).

The golden examples are never changed or removed, so those of the previous release are among them. Each goes through the
way in of each consumer, up to what it makes of it, also with a field that only a later release knows.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chassis.records import Record
from contracts.envelope import UnknownVersion
from contracts.presence import PresenceChanged
from contracts.topics import (
    BY_NAME,
    CONNECTIONS,
    CONTROLS,
    DEAD_LETTERS,
    GATEWAYS,
    PRESENCE,
    ROOMS,
    SIGNALS,
    SUBMISSIONS,
    TOPICS,
    USERS,
)
from replay.seen import see
from services.fanout import worker
from services.fanout.gateways import Gateways
from services.fanout.locations import Locations
from services.fanout.route import route, route_typing
from services.persistence import profiles, received
from services.persistence.api.presence import PresenceView
from services.persistence.case import Rules
from services.persistence.decide import decide
from services.presence import state
from services.presence.leases import Leases
from services.presence.received import receive as receive_connection

EXAMPLES = Path(__file__).parents[3] / "contracts" / "examples" / "events"
KEYS = {SUBMISSIONS.name: "chatRoomId", ROOMS.name: "chatRoomId", SIGNALS.name: "chatRoomId"}

Read = Callable[[Record], object]


def decided(record: Record) -> object:
    return decide(received.receive(record), {}, Rules()).fact


def profile(record: Record) -> object:
    [(_, event)] = profiles._good_head([record])
    return event


def folded(record: Record) -> object:
    event = receive_connection(record)
    return state.fold(state.UserState(event.event.user_id), event)


def leases(record: Record) -> object:
    Leases().apply(BY_NAME[record.topic].decode(record.value), record.timestamp)
    return BY_NAME[record.topic].decode(record.value)


def routed(record: Record) -> object:
    fact = worker._fact(record)
    route(fact, frozenset({"alice", "bob"}))
    return fact


def noticed(record: Record) -> object:
    typing = worker._typing(record)
    return route_typing(typing, frozenset({typing.user_id, "bob"}))


def located(record: Record) -> object:
    value = PRESENCE.decode(record.value)
    assert isinstance(value, PresenceChanged)
    return Locations().apply(value, record.timestamp)


def gateways(record: Record) -> object:
    Gateways().apply(record)
    return record


def viewed(record: Record) -> object:
    PresenceView().apply(record)
    return record


def decoded(record: Record) -> object:
    return BY_NAME[record.topic].decode(record.value)


def seen(record: Record) -> object:
    looked = see(record)
    assert looked.problem is None
    return looked.event


WAYS_IN: dict[tuple[str, str], Read] = {
    ("persistence", SUBMISSIONS.name): decided,
    ("persistence", USERS.name): profile,
    ("presence", CONNECTIONS.name): folded,
    ("presence", GATEWAYS.name): leases,
    ("presence", CONTROLS.name): leases,
    ("fanout", ROOMS.name): routed,
    ("fanout", SIGNALS.name): noticed,
    ("fanout", PRESENCE.name): located,
    ("fanout", GATEWAYS.name): gateways,
    ("fanout", CONTROLS.name): gateways,
    ("api", PRESENCE.name): viewed,
    # Their ways in begin with this, and what follows is in tests/unit/gateway/test_controls.py and the API's own tests.
    ("api", CONTROLS.name): decoded,
    ("gateway", CONTROLS.name): decoded,
    ("gateway", GATEWAYS.name): decoded,
    **{("replay", topic.name): seen for topic in TOPICS if topic.events},
}
CONSUMED = [
    (consumer, topic.name)
    for topic in TOPICS
    for consumer in topic.consumers
    if (consumer, topic) != ("replay", DEAD_LETTERS)
]
CASES = [
    pytest.param(consumer, path, id=f"{consumer}: {path.relative_to(EXAMPLES)}")
    for consumer, topic in CONSUMED
    for path in sorted((EXAMPLES / topic).glob("*.json"))
]


def record_of(path: Path, **more: object) -> Record:
    event = json.loads(path.read_bytes()) | more
    key = event.get(KEYS.get(path.parent.name, "userId"), event.get("gatewayId", ""))
    return Record(path.parent.name, 0, 7, 1_753_900_000_000, key.encode(), json.dumps(event).encode())


def test_every_consumer_of_every_topic_has_its_way_in_here() -> None:
    assert set(CONSUMED) <= set(WAYS_IN)


@pytest.mark.parametrize(("consumer", "path"), CASES)
@pytest.mark.parametrize(
    "more", [{}, {"mood": {"of": ["a", "later", "release"]}}], ids=["as written", "and a new field"]
)
def test_an_event_of_an_earlier_release_is_read(consumer: str, path: Path, more: dict[str, object]) -> None:
    assert WAYS_IN[consumer, path.parent.name](record_of(path, **more)) is not None


@pytest.mark.parametrize(
    ("consumer", "path"), [case for case in CASES if "replay" not in str(case.id) and "minimal" not in str(case.id)]
)
def test_a_version_of_a_later_release_is_waited_for_and_never_put_aside(consumer: str, path: Path) -> None:
    with pytest.raises(UnknownVersion) as raised:
        WAYS_IN[consumer, path.parent.name](record_of(path, version=99))
    assert raised.value.retryable
