from __future__ import annotations

import pytest

from cli.terminal.token_claims import UnreadableTokenError, claims
from cli.terminal.tokens import NEVER_S, Tokens, given
from tests.unit.cli.terminal.fake_server import token_for


async def test_a_token_is_kept_while_it_has_a_minute_to_live() -> None:
    lives = iter([3600.0, 30.0, 3600.0])

    async def obtain() -> str:
        return token_for("alice", next(lives))

    tokens = Tokens(obtain, renewable=True)
    first = await tokens.current()
    assert await tokens.current() == first
    short = await tokens.fresh()
    assert await tokens.current() != short


async def test_the_only_token_is_used_as_it_is_whatever_it_is() -> None:
    tokens = given("opaque")
    assert await tokens.current() == await tokens.fresh() == "opaque"


def test_without_a_token_nothing_runs_out() -> None:
    assert given("opaque").left_s() == NEVER_S


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "a.e30=.c", "..", "a.eyJleHAiOiJ4In0.c"])
def test_what_is_no_token_is_refused_without_showing_it(text: str) -> None:
    if text == "a.e30=.c":
        assert claims(text).exp is None
        return
    with pytest.raises(UnreadableTokenError) as refused:
        claims(text)
    assert "eyJ" not in str(refused.value)
