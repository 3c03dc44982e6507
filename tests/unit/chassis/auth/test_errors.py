from typing import get_args

import pytest

from chassis.auth.errors import TEXTS, KeysUnavailable, Reason, TokenError


def test_every_reason_has_a_text_of_its_own() -> None:
    assert set(TEXTS) == set(get_args(Reason))
    assert len(set(TEXTS.values())) == len(TEXTS)


@pytest.mark.parametrize("reason", get_args(Reason))
def test_a_refusal_is_final_and_says_why(reason: Reason) -> None:
    error = TokenError(reason)
    assert (error.code, error.retryable, error.reason, str(error)) == ("INVALID_TOKEN", False, reason, TEXTS[reason])


def test_missing_keys_are_worth_another_try() -> None:
    assert (KeysUnavailable.code, KeysUnavailable.retryable) == ("UNAVAILABLE", True)
