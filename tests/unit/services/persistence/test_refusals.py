"""Refusals as facts: each code has its words, and each submission its author."""

from typing import get_args

import pytest
from msgspec import UNSET

from contracts.facts import Command, CommandRejected, MessageRejected, RejectionCode
from contracts.submissions import Submission
from services.persistence.received import Received
from services.persistence.refusals import TEXTS, author_of, command_of, refusal
from tests.doubles.rooms import SOCKET, add, create, event, read, remove, send

ALL = [send("zoe"), read("zoe", 1), create("zoe"), add("zoe", "a"), remove("zoe", "a")]


def test_every_code_has_its_words() -> None:
    assert set(TEXTS) == set(get_args(RejectionCode))
    assert all(TEXTS.values())


def test_every_submission_has_its_name_on_the_wire() -> None:
    assert {command_of(asked) for asked in ALL} == set(get_args(Command))


@pytest.mark.parametrize("asked", ALL, ids=lambda asked: type(asked).__name__)
def test_every_submission_has_an_author_who_is_told(asked: Submission) -> None:
    assert author_of(asked) == "zoe"
    fact = refusal(Received(submission=asked, partition=1, offset=2, arrived_ms=3), "FORBIDDEN", "no", 7)
    who = fact.sender_id if isinstance(fact, MessageRejected) else fact.requested_by
    assert (who, fact.code, fact.message, fact.profile_position) == ("zoe", "FORBIDDEN", "no", 7)
    assert fact.connection == asked.connection


def test_a_message_is_refused_with_its_key_and_connection() -> None:
    one = Received(submission=send("zoe", key="k"), partition=1, offset=2, arrived_ms=3)
    fact = refusal(one, "INTERNAL", "no")
    assert isinstance(fact, MessageRejected)
    assert (fact.client_message_id, fact.connection, fact.profile_position) == ("k", SOCKET, UNSET)


def test_a_command_is_refused_by_its_name() -> None:
    fact = refusal(Received(submission=read("zoe", 1), partition=1, offset=2, arrived_ms=3), "INTERNAL", "no")
    assert isinstance(fact, CommandRejected)
    assert (fact.command, fact.requested_by) == ("markRead", "zoe")


def test_a_submission_of_no_known_kind_has_no_author() -> None:
    with pytest.raises(TypeError):
        author_of(Submission(**event(chat_room_id="room")))
