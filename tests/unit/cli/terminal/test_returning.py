from __future__ import annotations

import pytest

from cli.terminal.returning import (
    LATER_S,
    STEPS_S,
    is_giving_up_hope,
    pause_s,
    why_not_after_close,
    why_not_after_refusal,
)
from contracts.close_codes import CLOSE_CODES, CloseCode


@pytest.mark.parametrize("close", CLOSE_CODES, ids=lambda close: close.name)
def test_the_close_code_decides_whether_to_come_back(close: CloseCode) -> None:
    final = close.client_returns in {"no", "after a new sign-in"}
    assert (why_not_after_close(close.code, "") is not None) == final


def test_a_code_that_nobody_declared_comes_back() -> None:
    assert why_not_after_close(4999, "new") is None


def test_pauses_are_1_2_4_8_16_with_jitter_then_30_to_60() -> None:
    for number, step in enumerate(STEPS_S, start=1):
        assert pause_s(number, 0.0) < step < pause_s(number, 0.99)
        assert pause_s(number, 0.5) == step
    assert (pause_s(6, 0.0), pause_s(100, 1.0)) == LATER_S


def test_after_five_tries_it_is_said_once() -> None:
    assert [tries for tries in range(1, 20) if is_giving_up_hope(tries)] == [6]


@pytest.mark.parametrize(("status", "final"), [(401, True), (403, True), (426, True), (429, False), (503, False)])
def test_a_refused_handshake_is_final_or_not_by_its_status(status: int, final: bool) -> None:
    assert (why_not_after_refusal(status, "because", can_renew=False) is not None) == final


def test_a_token_that_can_be_renewed_is_tried_again() -> None:
    assert why_not_after_refusal(401, "expired", can_renew=True) is None
