"""Publishing and waiting; log and table are played by the test (the real ones: tests/path/test_api_rooms.py)."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, cast

import pytest

from chassis.publisher import Position, PublishFailed
from chassis.records import Outgoing
from chassis.table_errors import TableConflict, TableError, TableRefused, TableUnavailable
from contracts.rows import OutcomeRow, ProfileRow
from contracts.submissions import AddParticipants
from contracts.users import ProfileUpdated
from services.persistence.api.commands import Commands, Late
from services.persistence.api.problems import Problem
from services.persistence.api.records import Records


class Log:
    def __init__(self) -> None:
        self.published: list[Outgoing] = []
        self.answers = True

    async def publish(self, messages: Sequence[Outgoing]) -> list[Position]:
        self.published += messages
        if not self.answers:
            await asyncio.Event().wait()
        return [Position(message.topic, 0, 0, 0) for message in messages]


class Decisions:
    """The OUTCOME rows; each read takes one step, which may be an error."""

    def __init__(self, *steps: dict[str, str] | TableError) -> None:
        self.steps = list(steps)
        self.reads = 0

    async def outcomes(self, event_ids: Sequence[str]) -> dict[str, OutcomeRow]:
        self.reads += 1
        step = self.steps[min(self.reads, len(self.steps)) - 1]
        if isinstance(step, TableError):
            raise step
        return {e: OutcomeRow(position=1, code=step[e], ttl=1) for e in event_ids if e in step}


def commands(log: Log, decisions: Decisions, wait_s: float = 0.3) -> Commands:
    return Commands(log, cast(Records, decisions), acknowledgement_s=0.05, outcome_wait_s=wait_s)


def submission(event_id: str) -> AddParticipants:
    return AddParticipants(
        event_id=event_id, occurred_at="t", chat_room_id="r", user_ids=("bob",), requested_by="alice"
    )


async def test_the_outcome_is_the_first_ones_when_all_are_decided() -> None:
    decisions = Decisions({}, {"a": "CREATED"}, {"a": "CREATED", "b": "OK"})
    outcome = await commands(Log(), decisions).submit(submission("a"), submission("b"))
    assert (outcome.code, outcome.event_id, decisions.reads) == ("CREATED", "a", 3)


async def test_submissions_are_published_in_their_order_under_the_rooms_key() -> None:
    log = Log()
    await commands(log, Decisions({"a": "OK", "b": "OK"})).submit(submission("a"), submission("b"))
    assert [(message.topic, message.key) for message in log.published] == [("chat.submissions", "r")] * 2
    assert b'"eventId":"a"' in (log.published[0].value or b"")


async def test_the_first_refusal_is_raised() -> None:
    decisions = Decisions({"a": "OK", "b": "TOO_MANY_PARTICIPANTS", "c": "FORBIDDEN"})
    with pytest.raises(Problem) as raised:
        await commands(Log(), decisions).submit(*(submission(name) for name in "abc"))
    assert raised.value.code == "TOO_MANY_PARTICIPANTS"


async def test_what_is_not_decided_in_time_is_late_and_named_by_its_first_event() -> None:
    began = time.monotonic()
    with pytest.raises(Late) as raised:
        await commands(Log(), Decisions({"a": "OK"})).submit(submission("a"), submission("b"))
    assert raised.value.event_id == "a"
    assert 0.3 <= time.monotonic() - began < 2


async def test_a_table_that_is_away_is_asked_again_while_the_request_waits() -> None:
    decisions = Decisions(TableUnavailable("away"), TableConflict("busy"), {"a": "OK"})
    assert (await commands(Log(), decisions).submit(submission("a"))).code == "OK"


async def test_what_is_in_the_log_is_late_and_not_unavailable_while_the_table_is_away() -> None:
    with pytest.raises(Late) as raised:
        await commands(Log(), Decisions(TableUnavailable("away"))).submit(submission("a"))
    assert raised.value.event_id == "a"


async def test_a_table_that_never_answers_keeps_no_request_longer_than_it_waits() -> None:
    class Silent(Decisions):
        async def outcomes(self, event_ids: Sequence[str]) -> dict[str, OutcomeRow]:
            await asyncio.Event().wait()
            return await super().outcomes(event_ids)

    async with asyncio.timeout(5):
        with pytest.raises(Late):
            await commands(Log(), Silent({})).submit(submission("a"))


async def test_a_table_that_refuses_the_read_itself_is_told() -> None:
    with pytest.raises(TableRefused):
        await commands(Log(), Decisions(TableRefused("wrong"))).submit(submission("a"))


async def test_what_is_done_is_late_where_only_the_row_for_the_answer_cannot_be_read() -> None:
    class WithoutProfiles(Decisions):
        async def profile(self, _user_id: str) -> ProfileRow | None:
            raise TableUnavailable("away")

    update = ProfileUpdated(event_id="a", occurred_at="t", user_id="bob", updated_by="bob", display_name="Bob")
    with pytest.raises(Late) as raised:
        await commands(Log(), WithoutProfiles({"a": "OK"})).update_profile(update)
    assert raised.value.event_id == "a"


async def test_the_pauses_between_reads_grow() -> None:
    decisions = Decisions({})
    with pytest.raises(Late):
        await commands(Log(), decisions, wait_s=0.5).submit(submission("a"))
    assert 3 <= decisions.reads <= 12


async def test_a_log_that_does_not_answer_leaves_it_unknown() -> None:
    log = Log()
    log.answers = False
    with pytest.raises(Problem) as raised:
        await commands(log, Decisions({})).submit(submission("a"))
    assert raised.value.code == "UNAVAILABLE"
    assert "not known" in raised.value.detail


async def test_a_refused_publication_is_passed_on() -> None:
    class Broken(Log):
        async def publish(self, messages: Sequence[Outgoing]) -> list[Position]:
            raise PublishFailed(f"{len(messages)} are not acknowledged")

    with pytest.raises(PublishFailed):
        await commands(Broken(), Decisions({})).submit(submission("a"))


@pytest.mark.parametrize(("code", "problem"), [("NOT_A_PARTICIPANT", "NOT_FOUND"), ("NOT_FOUND", "NOT_FOUND")])
async def test_a_room_one_is_not_in_has_the_code_of_one_that_is_not_there(code: str, problem: Any) -> None:
    outcome = await commands(Log(), Decisions({"a": code})).outcome("a")
    assert outcome is not None
    assert outcome.refusal is not None
    assert outcome.refusal.code == problem
