from __future__ import annotations

from datetime import UTC, timedelta, timezone

from cli.terminal.render import colour, day_line, message_lines, notice_line, plain, problem_line
from tests.unit.cli.terminal.messages import message

TOKYO = timezone(timedelta(hours=9))


def test_a_message_is_its_local_time_its_sender_and_its_text() -> None:
    assert plain(message_lines(message(1), "Bob", UTC)) == "22:13 Bob  hello"
    assert plain(message_lines(message(1), "Bob", TOKYO)) == "07:13 Bob  hello"


def test_further_lines_stand_under_the_first() -> None:
    assert plain(message_lines(message(1, content="one\ntwo"), "Bob", UTC)) == "22:13 Bob  one\n           two"


def test_neither_names_nor_texts_can_act_on_the_terminal() -> None:
    shown = plain(message_lines(message(1, content="\x1b[2J"), "B\x1bob\n", UTC))
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert "\x1b" not in plain([notice_line("\x1b"), problem_line("\x1b")])


def test_a_new_day_has_a_line_of_its_own_by_the_local_calendar() -> None:
    first, later = message(1), message(7000)  # 22:13 and 00:10 UTC
    assert plain([day_line(None, first, UTC) or []]) == "──── Tuesday, 14 November 2023 ────"
    assert day_line(first, later, TOKYO) is None
    assert plain([day_line(first, later, UTC) or []]) == "──── Wednesday, 15 November 2023 ────"


def test_a_person_has_one_colour() -> None:
    assert colour("bob") == colour("bob")
    assert len({colour(name) for name in ("alice", "bob", "carol", "dave")}) > 1
