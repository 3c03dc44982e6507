from __future__ import annotations

from typing import get_args

import pytest

from cli.terminal.words import printable, refusal, several
from contracts.server_frames import ErrorCode, ErrorFrame, VerificationRequiredFrame


def test_nothing_that_somebody_writes_acts_on_the_terminal() -> None:
    hostile = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egnp.exe\r\nnext\tcell\x00"
    shown = printable(hostile)
    assert not {character for character in shown if character != "\n" and ord(character) < 32}
    assert not set(shown) & {"\x9b", "\x7f", "\u202e"}
    assert shown.endswith("\nnext    cell\N{REPLACEMENT CHARACTER}")


def test_what_people_write_stays() -> None:
    assert printable("こんにちは 👩‍👩‍👧 é\nok") == "こんにちは 👩‍👩‍👧 é\nok"


@pytest.mark.parametrize("code", get_args(ErrorCode))
def test_every_code_has_words_of_its_own(code: ErrorCode) -> None:
    said = refusal(ErrorFrame(code=code, message="{x}", retryable=False))
    assert said
    assert code not in said


def test_verification_is_explained_with_the_servers_own_words() -> None:
    assert "本人確認が必要です" in refusal(VerificationRequiredFrame(message="本人確認が必要です"))


def test_names_read_as_a_list() -> None:
    assert several(["a"]) == "a"
    assert several(["a", "b"]) == "a and b"
    assert several(["a", "b", "c"]) == "a, b and c"
    assert several(["a", "b", "c", "d", "e"]) == "a, b and 3 others"
