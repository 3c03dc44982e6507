from __future__ import annotations

import pytest

from cli.terminal.commands import ARGUMENTS, HELP, Command, Mistake, Say, parse


def test_a_line_is_a_message() -> None:
    assert parse("  hello  there \n") == Say("hello  there")


def test_a_blank_line_is_nothing() -> None:
    assert parse("  \n") is None


def test_a_message_may_begin_with_a_slash() -> None:
    assert parse("//etc/hosts") == Say("/etc/hosts")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/who", Command("/who")),
        ("/JOIN kitchen", Command("/join", ("kitchen",))),
        ("/create kitchen bob carol", Command("/create", ("kitchen", "bob", "carol"))),
        ("/quit", Command("/quit")),
    ],
)
def test_commands_are_understood(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize("line", ["/dance", "/join", "/join a b", "/create", "/who me", "/add b#b"])
def test_a_mistake_is_explained_and_never_sent(line: str) -> None:
    assert isinstance(parse(line), Mistake)


def test_a_message_that_is_too_long_is_not_sent() -> None:
    assert isinstance(parse("x" * 5000), Say)
    assert isinstance(parse("x" * 5001), Mistake)


def test_the_help_names_every_command() -> None:
    assert {line.split()[0] for line in HELP} == set(ARGUMENTS)
