import calendar
import time
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from gateway.sigv4 import Key, SignedRequest, verify
from gateway.sigv4_errors import InvalidSignature, MissingAuthenticationToken, SignatureError, UnrecognizedClient

HOST = "127.0.0.1:8001"
REGION = "us-east-1"
KEY = Key("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
KEYS = {KEY.key_id: KEY, "OTHER": Key("OTHER", "other-secret", frozenset({"get"}))}
# The requests of the tables below are signed when this module is loaded, perhaps long before they are checked.
LOADED_AT = time.time()
PATH = "/prod/@connections/L0SM9cOFvHcCIhw%3D"


def signed(
    method: str = "POST",
    target: str = PATH,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"hello",
    *,
    key: Key = KEY,
    region: str = REGION,
    service: str = "execute-api",
    session: str | None = None,
    signer: type[SigV4Auth] = SigV4Auth,
) -> SignedRequest:
    """A request as botocore signs it and as a server gets it."""
    request = AWSRequest(method=method, url=f"http://{HOST}{target}", headers=dict(headers or {}), data=body)
    signer(Credentials(key.key_id, key.secret, session), service, region).add_auth(request)
    url = str(request.url).removeprefix(f"http://{HOST}")
    path, _, query = url.partition("?")
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers.items()]
    return SignedRequest(method, path.encode(), query.encode(), [(b"host", HOST.encode()), *sent], body)


def changed(request: SignedRequest, **changes: Any) -> SignedRequest:
    names = ("method", "raw_path", "raw_query", "headers", "body")
    return SignedRequest(**{name: getattr(request, name) for name in names} | changes)


def with_header(request: SignedRequest, name: bytes, value: bytes | None) -> SignedRequest:
    """One header replaced, added, or (None) left out."""
    others = [header for header in request.headers if header[0] != name]
    return changed(request, headers=others if value is None else [*others, (name, value)])


def edited(request: SignedRequest, name: bytes, old: bytes, new: bytes) -> SignedRequest:
    value = dict(request.headers)[name]
    assert old in value
    return with_header(request, name, value.replace(old, new))


def check(request: SignedRequest, *, now: float = LOADED_AT) -> Key:
    return verify(request, KEYS, REGION, now)


ACCEPTED = {
    "as boto3 posts": signed(),
    "GET without a body": signed("GET", body=b""),
    "DELETE": signed("DELETE", body=b""),
    "with a session token": signed(session="session-token"),
    "@ encoded": signed(target="/prod/%40connections/L0SM9cOFvHcCIhw%3D"),
    "= as it is": signed(target="/prod/@connections/L0SM9cOFvHcCIhw="),
    "= encoded in lower case": signed(target="/prod/@connections/L0SM9cOFvHcCIhw%3d"),
    "a double slash": signed(target="/prod//@connections/L0SM9cOFvHcCIhw%3D"),
    "dot segments": signed(target="/./prod/x/../@connections/L0SM9cOFvHcCIhw%3D"),
    "a slash at the end": signed(target="/prod/@connections/"),
    "no path": signed(target="/"),
    "a query": signed(target=f"{PATH}?b=2&a=1&a=&c"),
    "a header with much space": signed(headers={"X-Amz-Meta": "  a   b  "}),
    "the hash of the body": signed(
        headers={"X-Amz-Content-SHA256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
    ),
    "as the JavaScript client signs": signed(
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Length": "5",
            "amz-sdk-invocation-id": "6a6d7f1e",
            "amz-sdk-request": "attempt=1; max=3",
            "x-amz-user-agent": "aws-sdk-js/3.600.0",
            "x-amz-content-sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        }
    ),
    "a binary body": signed(body=bytes(range(256))),
}


@pytest.mark.parametrize("request_", ACCEPTED.values(), ids=ACCEPTED)
def test_what_botocore_signs_is_accepted(request_: SignedRequest) -> None:
    assert check(request_) is KEY


def test_the_key_says_what_it_may_do() -> None:
    key = check(signed(key=KEYS["OTHER"]), now=time.time())
    assert (key.key_id, key.allows("get"), key.allows("bulk")) == ("OTHER", True, False)


GOOD = signed()
DAY = dict(GOOD.headers)[b"x-amz-date"][:8]

NOT_SIGNED = {
    "no header at all": changed(GOOD, headers=[]),
    "no Authorization": with_header(GOOD, b"authorization", None),
    "a token": with_header(GOOD, b"authorization", b"Bearer e30.e30.e30"),
    "an empty one": with_header(GOOD, b"authorization", b""),
    "the older algorithm": edited(GOOD, b"authorization", b"AWS4-HMAC-SHA256", b"AWS3-HMAC-SHA256"),
    "a presigned address": signed("GET", body=b"", signer=SigV4QueryAuth),
}


@pytest.mark.parametrize("request_", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_without_a_signature_in_the_header_a_token_is_missing(request_: SignedRequest) -> None:
    with pytest.raises(MissingAuthenticationToken) as refusal:
        check(request_)
    assert (refusal.value.code, refusal.value.answer.status) == ("MissingAuthenticationTokenException", 403)


@pytest.mark.parametrize("key_id", ["NOBODY", "AKIDEXAMPLE ", "", "akidexample", "a/b"])
def test_a_key_of_somebody_else_is_not_recognized(key_id: str) -> None:
    with pytest.raises(UnrecognizedClient) as refusal:
        check(signed(key=Key(key_id, KEY.secret)), now=time.time())
    assert (refusal.value.code, refusal.value.answer.status) == ("UnrecognizedClientException", 403)


INVALID = {
    "another secret": signed(key=Key(KEY.key_id, "wrong")),
    "another region": signed(region="eu-west-1"),
    "another service": signed(service="s3"),
    "another method": changed(GOOD, method="DELETE"),
    "another connection": changed(GOOD, raw_path=PATH.replace("L0", "L1").encode()),
    "the decoded path": changed(GOOD, raw_path=b"/prod/@connections/L0SM9cOFvHcCIhw="),
    "another spelling than was signed": changed(GOOD, raw_path=PATH.lower().encode()),
    "a query more": changed(GOOD, raw_query=b"a=1"),
    "another body": changed(GOOD, body=b"hellO"),
    "no body": changed(GOOD, body=b""),
    "another host": with_header(GOOD, b"host", b"elsewhere:8001"),
    "no host": with_header(GOOD, b"host", None),
    "two hosts": changed(GOOD, headers=[*GOOD.headers, (b"host", HOST.encode())]),
    "host not signed": edited(GOOD, b"authorization", b"host;x-amz-date", b"x-amz-date"),
    "date not signed": edited(GOOD, b"authorization", b"host;x-amz-date", b"host"),
    "a header of Amazon's not signed": with_header(GOOD, b"x-amz-meta", b"1"),
    "a session token not signed": with_header(GOOD, b"x-amz-security-token", b"1"),
    "a signed header not sent": edited(GOOD, b"authorization", b"host;", b"content-type;host;"),
    "headers in another order": edited(GOOD, b"authorization", b"host;x-amz-date", b"x-amz-date;host"),
    "a header twice": edited(GOOD, b"authorization", b"host;x-amz-date", b"host;host;x-amz-date"),
    "headers in upper case": edited(GOOD, b"authorization", b"host;x-amz-date", b"Host;x-amz-date"),
    "no signed headers": edited(GOOD, b"authorization", b"SignedHeaders=host;x-amz-date", b"SignedHeaders="),
    "no date": with_header(GOOD, b"x-amz-date", None),
    "two dates": changed(GOOD, headers=[*GOOD.headers, (b"x-amz-date", dict(GOOD.headers)[b"x-amz-date"])]),
    "a date in words": with_header(GOOD, b"x-amz-date", b"Tue, 02 Jan 2024 03:04:05 GMT"),
    "a date with a space": with_header(GOOD, b"x-amz-date", b"2024010 T030405Z"),
    "a month thirteen": with_header(GOOD, b"x-amz-date", b"20241301T030405Z"),
    "a date of other digits": with_header(GOOD, b"x-amz-date", "２０２４0102T030405Z".encode()),
    "a scope of another day": edited(GOOD, b"authorization", DAY, b"20000101"),
    "a scope cut short": edited(GOOD, b"authorization", b"/aws4_request", b""),
    "a scope with another end": edited(GOOD, b"authorization", b"/aws4_request", b"/aws5_request"),
    "a signature cut short": with_header(GOOD, b"authorization", dict(GOOD.headers)[b"authorization"][:-1]),
    "no signature": edited(GOOD, b"authorization", b"Signature=", b"Sign="),
    "two signatures": edited(GOOD, b"authorization", b"Signature=", b"Signature=a, Signature="),
    "only the algorithm": with_header(GOOD, b"authorization", b"AWS4-HMAC-SHA256"),
    "a signature that is no ASCII": with_header(
        GOOD, b"authorization", dict(GOOD.headers)[b"authorization"][:-1] + b"\xe9"
    ),
    "two Authorizations": changed(GOOD, headers=[*GOOD.headers, (b"authorization", b"x")]),
    "an unsigned body": signed(headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}),
    "a streamed body": signed(headers={"X-Amz-Content-SHA256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}),
    "the hash of another body": signed(headers={"X-Amz-Content-SHA256": "0" * 64}),
    "no hash": signed(headers={"X-Amz-Content-SHA256": ""}),
}


@pytest.mark.parametrize("request_", INVALID.values(), ids=INVALID)
def test_what_was_not_signed_so_is_refused(request_: SignedRequest) -> None:
    with pytest.raises(InvalidSignature) as refusal:
        check(request_)
    assert (refusal.value.code, refusal.value.answer.status) == ("InvalidSignatureException", 403)


def leaving_out(*names: str) -> type[SigV4Auth]:
    """A signer whose signature is right, but not over these headers."""

    class Forgetful(SigV4Auth):
        def headers_to_sign(self, request: Any) -> Any:
            headers = super().headers_to_sign(request)
            for name in names:
                del headers[name]
            return headers

    return Forgetful


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-meta"])
def test_a_right_signature_over_too_little_is_refused(name: str) -> None:
    request = signed(headers={"X-Amz-Meta": "1"}, signer=leaving_out(name))
    with pytest.raises(InvalidSignature, match="must be signed"):
        check(request, now=time.time())


def test_a_header_of_nobodys_concern_need_not_be_signed() -> None:
    request = signed(headers={"Content-Type": "x/y"}, signer=leaving_out("content-type"))
    assert check(request, now=time.time()) is KEY


def _instant() -> tuple[SignedRequest, float]:
    request = signed()
    stamp = dict(request.headers)[b"x-amz-date"].decode()
    return request, calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))


@pytest.mark.parametrize("skew_s", [-300, 0, 300])
def test_a_clock_may_be_five_minutes_off(skew_s: float) -> None:
    request, instant = _instant()
    assert check(request, now=instant + skew_s) is KEY


@pytest.mark.parametrize("skew_s", [-301, 301, 86_400])
def test_a_clock_that_is_further_off_is_refused(skew_s: float) -> None:
    request, instant = _instant()
    with pytest.raises(InvalidSignature, match="more than 300 s"):
        check(request, now=instant + skew_s)


def test_no_secret_and_no_signature_is_shown() -> None:
    with pytest.raises(SignatureError) as refusal:
        check(changed(GOOD, body=b"other"))
    signature = dict(GOOD.headers)[b"authorization"][-64:].decode()
    shown = repr(KEY) + repr(GOOD) + repr(refusal.value) + str(refusal.value)
    assert not [secret for secret in (KEY.secret, signature, "hello") if secret in shown]


PATHS = st.lists(
    st.text("abzAZ09-_.~@=:!$&'()*+,;", max_size=6)
    | st.sampled_from([".", "..", "", "%3D", "%3d", "%40", "%2F", "%E3%81%82"]),
    max_size=6,
).map(lambda segments: "/" + "/".join(segments))
QUERIES = st.lists(
    st.tuples(
        st.text("abAB09-_.~", max_size=3), st.text("abAB09-_.~", max_size=3) | st.sampled_from(["%20", "%3D", "="])
    ),
    max_size=4,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
NAMES = st.text("abcxyz-", min_size=1, max_size=8).map(lambda name: f"x-{name}") | st.sampled_from(
    ["content-type", "x-amz-meta-a", "x-amz-target", "accept"]
)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@given(
    st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    PATHS,
    QUERIES,
    st.dictionaries(NAMES, VALUES, max_size=4),
    st.binary(max_size=64),
)
def test_whatever_botocore_signs_is_accepted_and_nothing_else(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    request = signed(method, f"{path}?{query}" if query else path, headers, body)
    now = time.time()
    assert check(request, now=now) is KEY
    with pytest.raises(InvalidSignature):
        check(changed(request, body=body + b"x"), now=now)
    with pytest.raises(InvalidSignature):
        check(changed(request, raw_path=request.raw_path + b"/x"), now=now)


@given(st.lists(st.tuples(st.sampled_from([b"authorization", b"host", b"x-amz-date"]), st.binary(max_size=90))))
def test_whatever_comes_is_refused_and_never_breaks(headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(SignatureError):
        check(SignedRequest("POST", PATH.encode(), b"", headers, b""))


@given(st.text(max_size=120))
def test_whatever_an_authorization_says_is_refused_and_never_breaks(rest: str) -> None:
    header = b"AWS4-HMAC-SHA256 " + rest.encode()
    with pytest.raises(SignatureError):
        check(with_header(GOOD, b"authorization", header))
