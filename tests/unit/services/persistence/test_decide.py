"""What holds for every submission, whatever it asks."""

import pytest

from chassis.projection.view import held
from contracts import table
from contracts.facts import CommandRejected, RoomCreated
from contracts.limits import OUTCOME_TTL_S
from contracts.rows import FenceRow, OutcomeRow, Row
from contracts.submissions import Submission
from contracts.table import Key
from services.persistence.case import Rules
from services.persistence.decide import decide, put_aside, reads_of, verdict_key
from services.persistence.received import Received
from tests.doubles.rooms import AT, NOON, SOCKET, Scene, add, create, event, read, remove, send


def received(asked: Submission, offset: int = 9, *, redriven: bool = False) -> Received:
    return Received(submission=asked, partition=3, offset=offset, arrived_ms=NOON, redriven=redriven)


ALL = [send("alice"), create("alice"), add("alice", "bob"), remove("alice", "bob"), read("alice", 1)]


@pytest.mark.parametrize("asked", ALL, ids=lambda asked: type(asked).__name__)
@pytest.mark.parametrize("room", ["room", "nowhere"])
def test_every_submission_has_one_fact_that_names_it(asked: Submission, room: str) -> None:
    scene = Scene("alice")
    scene.decide(create("alice", "carol", room=room))
    fact = scene.fact(asked)
    assert (fact.submission.offset, fact.submission.event_id) == (scene.offset, asked.event_id)
    assert (fact.chat_room_id, fact.occurred_at) == ("room", AT)


@pytest.mark.parametrize("asked", ALL, ids=lambda asked: type(asked).__name__)
def test_every_submission_in_a_room_moves_its_fence(asked: Submission) -> None:
    scene = Scene("alice")
    scene.decide(create("alice", "carol"))
    scene.decide(asked)
    fence = held(scene.rows, table.fence("room"), FenceRow)
    assert fence
    assert fence.position == scene.offset


def test_only_the_http_api_gets_an_outcome() -> None:
    scene = Scene("alice")
    scene.decide(create("alice", "bob"))
    for asked in (send("alice"), read("alice", 1)):
        scene.decide(asked)
        assert scene.outcome(asked) is None


def test_an_outcome_names_its_room_and_lives_for_a_day_from_the_arrival() -> None:
    scene = Scene("alice")
    asked = create("alice")
    scene.decide(asked, arrived_ms=NOON + 999)
    assert scene.rows[table.outcome(asked.event_id)] == OutcomeRow(
        position=scene.offset, code="CREATED", chat_room_id="room", ttl=NOON // 1000 + OUTCOME_TTL_S
    )


def test_a_decision_reads_only_what_it_says_that_it_reads() -> None:
    scene = Scene("alice", "bob", "carol")
    scene.decide(create("alice", "bob"))
    for asked in (*ALL, send("bob", key="k"), add("root", "eve", by_admin=True)):
        one = received(asked, offset=100)
        verdict = verdict_key(one)
        known = {table.fence("room"), table.room("room"), *reads_of(one), *([verdict] if verdict else [])}
        narrow: dict[Key, Row] = {key: row for key, row in scene.rows.items() if key in known}
        assert decide(one, narrow, Rules()) == decide(one, scene.rows, Rules())


def test_a_creation_that_was_refused_stays_refused_when_it_is_read_again() -> None:
    # Refused, answered, then a crash: read again after its creator was approved it must not succeed.
    scene = Scene()
    asked = create("dave")
    first = scene.fact(asked)
    scene.offset -= 1
    scene.judge("dave", "approved")
    scene.offset -= 1
    again = scene.decide(asked)
    assert isinstance(first, CommandRejected)
    assert isinstance(again.fact, CommandRejected)
    assert (again.fact.code, again.fact.event_id) == (first.code, first.event_id)
    assert again.writes == {}


def test_a_creation_is_remembered_also_when_it_came_through_a_socket() -> None:
    asked = create("dave")
    through_socket = type(asked)(
        **event(chat_room_id="r", name="n", participant_ids=(), requested_by="d"), connection=SOCKET
    )
    assert received(through_socket).wants_outcome


def test_a_success_whose_room_is_gone_is_not_done_again() -> None:
    asked = create("alice")
    rows: dict[Key, Row] = dict(Scene("alice").rows)
    rows[table.outcome(asked.event_id)] = OutcomeRow(position=9, code="CREATED", chat_room_id="room", ttl=1)
    decision = decide(received(asked), rows, Rules())
    assert isinstance(decision.fact, CommandRejected)
    assert (decision.fact.code, decision.writes) == ("INTERNAL", {})


def test_a_redriven_creation_may_succeed_although_it_was_put_aside() -> None:
    scene = Scene("alice")
    asked = create("alice")
    aside = put_aside(received(asked, offset=5), scene.rows, Rules())
    scene.rows |= {key: row for key, row in aside.writes.items() if row is not None}
    assert scene.outcome(asked) == "INTERNAL"
    scene.offset = 9
    decision = scene.decide(asked, redriven=True)
    assert isinstance(decision.fact, RoomCreated)
    assert decision.fact.event_id != aside.fact.event_id
    assert scene.outcome(asked) == "CREATED"


def test_what_is_put_aside_is_refused_at_its_place_in_the_room() -> None:
    scene = Scene("alice")
    scene.decide(create("alice"))
    asked = add("alice", "bob")
    decision = put_aside(received(asked, offset=50), scene.rows, Rules())
    assert isinstance(decision.fact, CommandRejected)
    assert decision.fact.code == "INTERNAL"
    fence = decision.writes[table.fence("room")]
    assert fence is not None
    assert fence.position == 50


def test_the_same_submission_and_rows_give_the_same_decision() -> None:
    scene = Scene("alice")
    scene.decide(create("alice"))
    for asked in ALL:
        assert decide(received(asked), scene.rows, Rules()) == decide(received(asked), scene.rows, Rules())
