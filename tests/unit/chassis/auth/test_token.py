import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.auth.errors import TokenError
from chassis.auth.token import parse
from tests.tokens import KID, assembled, jwk, part

HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
GOOD = assembled(HEADER, {"sub": "alice"})


def padded(text: str) -> str:
    return ".".join(piece + "=" * (-len(piece) % 4) for piece in text.split("."))


def test_the_parts_of_a_token() -> None:
    parsed = parse(GOOD)
    assert parsed.kid == KID
    assert parsed.claims == {"sub": "alice"}
    assert parsed.signed.decode() == GOOD.rpartition(".")[0]
    assert len(parsed.signature) == 256


def test_padding_is_let_through_as_aws_jwt_verify_does() -> None:
    assert parse(padded(GOOD)).claims == {"sub": "alice"}


@pytest.mark.parametrize("header", ["jku", "x5u", "jwk", "x5c"])
def test_a_key_in_the_header_is_ignored(header: str) -> None:
    assert parse(assembled({**HEADER, header: jwk("evil")}, {"sub": "alice"})).kid == KID


@given(
    st.text(max_size=300)
    | st.lists(st.binary(max_size=80), min_size=3, max_size=3).map(lambda p: ".".join(map(part, p)))
)
def test_whatever_comes_is_refused_and_never_breaks(text: str) -> None:
    with pytest.raises(TokenError):
        parse(text)


def test_a_token_is_not_shown() -> None:
    shown = repr(parse(GOOD))
    assert not [piece for piece in (*GOOD.split("."), "alice") if piece in shown]
