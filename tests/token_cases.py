"""Tokens as data: each with the one thing that is right or wrong about it, and the reason it is refused for (spec 2).

The same table is put to the verifier, and from outside to every door of the gateway and of the HTTP API.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from chassis.auth.errors import Reason
from tests.tokens import CLIENT_ID, ISSUER, KID, assembled, jwk, jwks, part, private_key, token

OTHER_KID, ENCRYPTION_KID = "key-2", "key-for-encryption"
HEADER = {"alg": "RS256", "kid": KID, "typ": "JWT"}
PUBLISHED = jwks(jwk(), jwk(OTHER_KID), jwk(ENCRYPTION_KID, use="enc"))
"""What the issuer publishes while these are tried."""


@dataclass(frozen=True)
class Case:
    """One token."""

    name: str
    make: Callable[[float], str]
    """The time (epoch seconds) → the token."""
    reason: Reason | None = None
    """None: it is believed."""
    leeway_s: float = 0.0
    to_the_second: bool = False
    """It is right or wrong for a moment only: for a clock that stands still."""


def good(now: float, **changes: object) -> dict[str, Any]:
    """The claims of an ID token; a change to `...` leaves the claim out."""
    members = {
        "sub": "alice",
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "token_use": "id",
        "iat": int(now) - 10,
        "exp": int(now) + 3_600,
        **changes,
    }
    return {name: value for name, value in members.items() if value is not ...}


def said(now: float, more: str, *without: str) -> str:
    """The claims as text, with more of it before the end."""
    return json.dumps(good(now, **dict.fromkeys(without, ...)))[:-1] + more + "}"


def _headed(now: float, more: dict[str, Any] | None = None, **header: object) -> str:
    return assembled({**HEADER, **header, **(more or {})}, good(now))


def _signed(now: float, header: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> str:
    return assembled({**HEADER, **header}, good(now), key=key)


def _hs256_with_the_public_key(now: float) -> str:
    # By hand: PyJWT will not make it.
    pem = (
        private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    text = f"{part({**HEADER, 'alg': 'HS256'})}.{part(good(now))}"
    return f"{text}.{part(hmac.digest(pem, text.encode(), 'sha256'))}"


def _es256(now: float) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(good(now), key, algorithm="ES256", headers={"kid": KID})


def _with_hash(algorithm: str, hashing: Any) -> Callable[[float], str]:
    def make(now: float) -> str:
        text = f"{part({**HEADER, 'alg': algorithm})}.{part(good(now))}"
        return f"{text}.{part(RSAAlgorithm(hashing).sign(text.encode(), private_key()))}"

    return make


def _with_signature(signature: bytes) -> Callable[[float], str]:
    return lambda now: f"{_signed(now, {}).rpartition('.')[0]}.{part(signature)}"


def _padded(now: float) -> str:
    def padded(value: object) -> str:
        text = part(value)
        return text + "=" * (-len(text) % 4)

    signed = f"{padded(HEADER)}.{padded(good(now, pad='x'))}"
    return f"{signed}.{padded(RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed.encode(), private_key()))}"


def _with_other_claims(now: float) -> str:
    header, _, signature = token(good(now)).split(".")
    return f"{header}.{part(good(now, sub='bob'))}.{signature}"


def accepted() -> Iterator[Case]:
    yield Case("as Cognito makes it", lambda now: token(good(now)))
    yield Case("signed with the other key", lambda now: token(good(now), kid=OTHER_KID))
    yield Case("with padding, as aws-jwt-verify lets through", _padded)
    for header in ("jku", "x5u", "jwk", "x5c", "x5t"):
        yield Case(f"with {header}, which is ignored", partial(_headed, more={header: jwk("evil")}))
    yield Case("no iat", lambda now: token(good(now, iat=...)))
    yield Case("iat ahead, which aws-jwt-verify does not look at", lambda now: token(good(now, iat=now + 99)))
    yield Case("an exp with a fraction", lambda now: token(good(now, exp=now + 99.5)))
    yield Case("nbf past", lambda now: token(good(now, nbf=now - 1)))
    yield Case("nbf now", lambda now: token(good(now, nbf=now)))
    yield Case("expires in a moment", lambda now: token(good(now, exp=now + 0.001)), to_the_second=True)
    yield Case("a subject of Cognito's", lambda now: token(good(now, sub="3f2c8a52-10b1-7001-bd3e-0a4d4b2b3f11")))
    yield Case("a subject that is an address", lambda now: token(good(now, sub="alice@example.com")))
    yield Case("a scope", lambda now: token(good(now, scope="openid email")))
    yield Case("claims nobody knows", lambda now: token(good(now, custom={"a": [1, None, "日本語"]})))
    yield Case("2.5 KB of groups", lambda now: token(good(now, **{"cognito:groups": ["g" * 50] * 35})))


def malformed() -> Iterator[Case]:
    shapes: dict[str, Callable[[str], str]] = {
        "nothing but dots": lambda _: "..",
        "one part": lambda _: "abc",
        "two parts": lambda text: text.rpartition(".")[0],
        "an empty signature": lambda text: text.rpartition(".")[0] + ".",
        "four parts": lambda text: text + ".abc",
        "five parts, as an encrypted token has": lambda text: text + ".abc.abc",
        "a newline at the end": lambda text: text + "\n",
        "a space within": lambda text: text[:9] + " " + text[9:],
        "base64 of the other alphabet": lambda text: text[:-2] + "+/",
        "no base64": lambda text: "*" + text[1:],
        "padding in the middle": lambda text: "e=." + text.partition(".")[2] + "=a",
        "letters that look alike": lambda text: text.replace("e", "е"),  # a Cyrillic one
        "full-width digits": lambda text: "１" + text,
        "a zero byte": lambda text: text[:9] + "\0" + text[9:],
        "one letter more than base64 can have": lambda text: "abcde." + text.partition(".")[2],
    }
    for name, change in shapes.items():
        yield Case(name, lambda now, c=change: c(token(good(now))), "MALFORMED")  # type: ignore[misc]
    headers: dict[str, Any] = {
        "header not JSON": "nonsense",
        "header a list": [HEADER],
        "header null": "null",
        "header not UTF-8": b'{"alg":"RS256","kid":"\xff"}',
        "header in UTF-16": json.dumps(HEADER).encode("utf-16"),
        "alg twice": '{"alg":"RS256","alg":"none","kid":"key-1"}',
        "kid twice": '{"alg":"RS256","kid":"key-1","kid":"key-2"}',
    }
    for name, header in headers.items():
        yield Case(name, lambda now, h=header: assembled(h, good(now)), "MALFORMED")  # type: ignore[misc]
    bodies: dict[str, Callable[[float], object]] = {
        "claims not JSON": lambda _: "{",
        "claims a string": lambda _: '"alice"',
        "claims too deep": lambda _: "[" * 5_000 + "]" * 5_000,
        "exp NaN": lambda now: said(now, ',"exp":NaN', "exp"),
        "exp infinite": lambda now: said(now, ',"exp":Infinity', "exp"),
        "exp of 5,000 digits": lambda now: said(now, ',"exp":' + "9" * 5_000, "exp"),
        "a claim twice": lambda now: said(now, ',"sub":"bob"'),
        "a claim twice, once escaped": lambda now: said(now, ',"s\\u0075b":"bob"'),
    }
    for name, body in bodies.items():
        yield Case(name, lambda now, b=body: assembled(HEADER, b(now)), "MALFORMED")  # type: ignore[misc]
    yield Case("alg none without a signature", lambda now: f"{part({'alg': 'none'})}.{part(good(now))}.", "MALFORMED")
    yield Case("larger than 16 KB", lambda now: token(good(now, more="x" * 16_384)), "TOO_LARGE")


def algorithms() -> Iterator[Case]:
    spellings = ["none", "None", "NONE", "nOnE", "", "HS256", "RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256"]
    others: list[object] = ["RS256 ", None, True, 256, ["RS256"], {}]
    for algorithm in [*spellings, *others]:
        yield Case(f"alg {algorithm!r}", partial(_headed, alg=algorithm), "WRONG_ALGORITHM")
    yield Case("alg missing", lambda now: assembled({"kid": KID}, good(now)), "WRONG_ALGORITHM")
    yield Case("HS256, signed with the public key", _hs256_with_the_public_key, "WRONG_ALGORITHM")
    yield Case("ES256, really", _es256, "WRONG_ALGORITHM")
    yield Case("RS512, really", _with_hash("RS512", RSAAlgorithm.SHA512), "WRONG_ALGORITHM")
    yield Case("RS384 that says RS256", _with_hash("RS256", RSAAlgorithm.SHA384), "BAD_SIGNATURE")


def keys() -> Iterator[Case]:
    evil, other = private_key("evil"), private_key(OTHER_KID)
    yield Case("kid missing", lambda now: assembled({"alg": "RS256"}, good(now)), "KEY_ID_MISSING")
    for kid in ("", 1, None, ["key-1"], {"kid": "key-1"}):
        yield Case(f"kid {kid!r}", partial(_headed, kid=kid), "KEY_ID_MISSING")
    for kid in ("invented", KID.upper(), KID + " ", "../../dev/null", "' OR 1=1 --"):
        yield Case(f"kid {kid}", partial(_headed, kid=kid), "UNKNOWN_KEY")
    elsewhere = "https://evil.example"
    yield Case("kid of another issuer", lambda now: token(good(now, iss=elsewhere), kid="evil"), "UNKNOWN_KEY")
    yield Case("kid of a key for encryption", lambda now: token(good(now), kid=ENCRYPTION_KID), "UNSUITABLE_KEY")
    yield Case("an extension one must understand", partial(_headed, crit=["b64"], b64=False), "UNSUPPORTED_HEADER")
    forged: dict[str, Callable[[float], str]] = {
        "signed with a key of nobody's": lambda now: token(good(now), key=evil),
        "signed with another key of the issuer": lambda now: token(good(now), key=other),
        "signed with the key in its own header": lambda now: _signed(now, {"jwk": jwk(KID, evil)}, evil),
        "claims changed after the signature": _with_other_claims,
        "a signature of one byte": _with_signature(b"\0"),
        "a signature of zeros": _with_signature(b"\0" * 256),
        "a signature of ones": _with_signature(b"\xff" * 256),
        "a signature that is too long": _with_signature(b"\0" * 300),
    }
    for name, make in forged.items():
        yield Case(name, make, "BAD_SIGNATURE")


def claims() -> Iterator[Case]:
    wrong: list[tuple[str, Reason, Callable[[float], dict[str, Any]]]] = [
        ("exp missing", "EXPIRY_MISSING", lambda _now: {"exp": ...}),
        ("exp null", "MALFORMED_CLAIMS", lambda _now: {"exp": None}),
        ("exp a string", "MALFORMED_CLAIMS", lambda now: {"exp": str(int(now) + 99)}),
        ("exp true", "MALFORMED_CLAIMS", lambda _now: {"exp": True}),
        ("exp beyond any float", "MALFORMED_CLAIMS", lambda _now: {"exp": 10**400}),
        ("exp past", "EXPIRED", lambda now: {"exp": now - 1}),
        ("exp zero", "EXPIRED", lambda _now: {"exp": 0}),
        ("nbf ahead", "NOT_YET_VALID", lambda now: {"nbf": now + 60}),
        ("nbf a string", "MALFORMED_CLAIMS", lambda _now: {"nbf": "0"}),
        ("iat a list", "MALFORMED_CLAIMS", lambda _now: {"iat": []}),
        ("iss missing", "WRONG_ISSUER", lambda _now: {"iss": ...}),
        ("iss of another pool", "WRONG_ISSUER", lambda _now: {"iss": ISSUER + "2"}),
        ("iss with a slash more", "WRONG_ISSUER", lambda _now: {"iss": ISSUER + "/"}),
        ("iss in another case", "WRONG_ISSUER", lambda _now: {"iss": ISSUER.upper()}),
        ("iss a list", "MALFORMED_CLAIMS", lambda _now: {"iss": [ISSUER]}),
        ("token_use missing", "WRONG_USE", lambda _now: {"token_use": ...}),
        ("an access token", "WRONG_USE", lambda _now: {"token_use": "access"}),
        ("token_use null", "MALFORMED_CLAIMS", lambda _now: {"token_use": None}),
        ("aud missing", "WRONG_AUDIENCE", lambda _now: {"aud": ...}),
        ("aud of another client", "WRONG_AUDIENCE", lambda _now: {"aud": "client-9"}),
        ("aud a part of the client", "WRONG_AUDIENCE", lambda _now: {"aud": CLIENT_ID[:-1]}),
        ("aud empty", "WRONG_AUDIENCE", lambda _now: {"aud": ""}),
        ("aud a list", "MALFORMED_CLAIMS", lambda _now: {"aud": [CLIENT_ID]}),
        ("sub missing", "BAD_SUBJECT", lambda _now: {"sub": ...}),
        ("sub empty", "BAD_SUBJECT", lambda _now: {"sub": ""}),
        ("sub a number", "MALFORMED_CLAIMS", lambda _now: {"sub": 7}),
        ("sub with the table's mark", "BAD_SUBJECT", lambda _now: {"sub": "alice#x"}),
        ("sub with a newline", "BAD_SUBJECT", lambda _now: {"sub": "alice\n"}),
        ("sub in other letters", "BAD_SUBJECT", lambda _now: {"sub": "アリス"}),
        ("sub too long", "BAD_SUBJECT", lambda _now: {"sub": "a" * 65}),
        ("scope a list", "MALFORMED_CLAIMS", lambda _now: {"scope": ["openid"]}),
        ("jti a number", "MALFORMED_CLAIMS", lambda _now: {"jti": 1}),
    ]
    for name, reason, changes in wrong:
        yield Case(name, lambda now, c=changes: assembled(HEADER, good(now, **c(now))), reason)  # type: ignore[misc]
    yield Case("exp now", lambda now: token(good(now, exp=now)), "EXPIRED", to_the_second=True)
    yield Case("nbf in a moment", lambda now: token(good(now, nbf=now + 0.01)), "NOT_YET_VALID", to_the_second=True)


def leeways() -> Iterator[Case]:
    rows: list[tuple[str, dict[str, float], Reason | None]] = [
        ("expired for less than the leeway", {"exp": -4.9}, None),
        ("expired for the leeway", {"exp": -5}, "EXPIRED"),
        ("valid within the leeway", {"nbf": 5}, None),
        ("valid after the leeway", {"nbf": 5.1}, "NOT_YET_VALID"),
    ]
    for name, offsets, reason in rows:
        yield Case(
            name,
            lambda now, o=offsets: token(good(now, **{claim: now + offset for claim, offset in o.items()})),  # type: ignore[misc]
            reason,
            leeway_s=5.0,
            to_the_second=True,
        )


CASES = [case for group in (accepted, malformed, algorithms, keys, claims, leeways) for case in group()]
