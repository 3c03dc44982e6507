"""Publishing and waiting; log and table are played by the test (the real ones: tests/path/test_api_rooms.py)."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, cast

import pytest

from chassis.publisher import Position, PublishFailed
from chassis.records import Outgoing
from contracts.rows import OutcomeRow
from contracts.submissions import AddParticipants
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
    """The OUTCOME rows; each read takes one step."""

    def __init__(self, *steps: dict[str, str]) -> None:
        self.steps = list(steps)
        self.reads = 0

    async def outcomes(self, event_ids: Sequence[str]) -> dict[str, OutcomeRow]:
        self.reads += 1
        step = self.steps[min(self.reads, len(self.steps)) - 1]
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
