import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from chassis.auth.errors import TokenError
from chassis.auth.token import parse
from tests.tokens import KID, assembled, claims, jwk, part, private_key, token

HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
GOOD = assembled(HEADER, {"sub": "alice"})


def padded(text: str) -> str:
    return ".".join(piece + "=" * (-len(piece) % 4) for piece in text.split("."))


def hs256_with_the_public_key() -> str:
    # By hand: PyJWT will not make it.
    public = private_key().public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({**HEADER, 'alg': 'HS256'})}.{part(claims())}"
    return f"{signed}.{part(hmac.digest(pem, signed.encode(), 'sha256'))}"


def es256() -> str:
    return jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers={"kid": KID})


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


NOT_RS256 = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "HS256",
    "RS384",
    "RS512",
    "PS256",
    "ES256",
    "EdDSA",
    "rs256",
    "RS256 ",
]


@pytest.mark.parametrize("algorithm", [*NOT_RS256, None, True, 256, ["RS256"], {}])
def test_only_rs256_will_do(algorithm: object) -> None:
    with pytest.raises(TokenError) as refusal:
        parse(assembled({**HEADER, "alg": algorithm}, claims()))
    assert refusal.value.reason == "WRONG_ALGORITHM"


REFUSED = {
    "empty": ("", "MALFORMED"),
    "one part": ("abc", "MALFORMED"),
    "two parts": (GOOD.rpartition(".")[0], "MALFORMED"),
    "an empty signature": (GOOD.rpartition(".")[0] + ".", "MALFORMED"),
    "alg none without a signature": (part({"alg": "none"}) + "." + part(claims()) + ".", "MALFORMED"),
    "four parts": (GOOD + ".abc", "MALFORMED"),
    "five parts, as an encrypted token has": (GOOD + ".abc.abc", "MALFORMED"),
    "a newline at the end": (GOOD + "\n", "MALFORMED"),
    "a space before": (" " + GOOD, "MALFORMED"),
    "base64 of the other alphabet": (GOOD[:-2] + "+/", "MALFORMED"),
    "padding in the middle": ("e=." + GOOD.partition(".")[2] + "=a", "MALFORMED"),
    "letters that look alike": (GOOD.replace("e", "е"), "MALFORMED"),  # a Cyrillic one
    "full-width digits": ("１" + GOOD, "MALFORMED"),
    "a zero byte": (GOOD[:9] + "\0" + GOOD[9:], "MALFORMED"),
    "one letter more than base64 can have": ("abcde." + GOOD.partition(".")[2], "MALFORMED"),
    "header not JSON": (assembled("nonsense", claims()), "MALFORMED"),
    "header a list": (assembled([HEADER], claims()), "MALFORMED"),
    "header null": (assembled("null", claims()), "MALFORMED"),
    "header not UTF-8": (assembled(b'{"alg":"RS256","kid":"\xff"}', claims()), "MALFORMED"),
    "header in UTF-16": (assembled(json.dumps(HEADER).encode("utf-16"), claims()), "MALFORMED"),
    "claims not JSON": (assembled(HEADER, "{"), "MALFORMED"),
    "claims a string": (assembled(HEADER, '"alice"'), "MALFORMED"),
    "claims NaN": (assembled(HEADER, '{"exp":NaN}'), "MALFORMED"),
    "claims too deep": (assembled(HEADER, "[" * 5000 + "]" * 5000), "MALFORMED"),
    "a number of 5,000 digits": (assembled(HEADER, '{"exp":' + "9" * 5000 + "}"), "MALFORMED"),
    "a claim twice": (assembled(HEADER, '{"sub":"alice","sub":"bob"}'), "MALFORMED"),
    "a claim twice, once escaped": (assembled(HEADER, '{"sub":"alice","s\\u0075b":"bob"}'), "MALFORMED"),
    "alg twice": (assembled('{"alg":"RS256","alg":"none","kid":"key-1"}', claims()), "MALFORMED"),
    "too large": (GOOD + "a" * 16_384, "TOO_LARGE"),
    "alg missing": (assembled({"kid": KID}, claims()), "WRONG_ALGORITHM"),
    "HS256, signed with the public key": (hs256_with_the_public_key(), "WRONG_ALGORITHM"),
    "ES256, really": (es256(), "WRONG_ALGORITHM"),
    "kid missing": (token(kid=None), "KEY_ID_MISSING"),
    "kid empty": (assembled({**HEADER, "kid": ""}, claims()), "KEY_ID_MISSING"),
    "kid a number": (assembled({**HEADER, "kid": 1}, claims()), "KEY_ID_MISSING"),
    "kid null": (assembled({**HEADER, "kid": None}, claims()), "KEY_ID_MISSING"),
    "an extension one must understand": (
        assembled({**HEADER, "crit": ["b64"], "b64": False}, "x"),
        "UNSUPPORTED_HEADER",
    ),
}


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_tokens(text: str, reason: str) -> None:
    with pytest.raises(TokenError) as refusal:
        parse(text)
    assert refusal.value.reason == reason


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
