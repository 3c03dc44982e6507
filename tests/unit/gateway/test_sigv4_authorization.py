import pytest

from gateway.sigv4_authorization import parse_authorization
from gateway.sigv4_errors import InvalidSignature, MissingAuthenticationToken

SIGNATURE = "0123456789abcdef" * 4
SCOPE = "20240102/us-east-1/execute-api/aws4_request"
HEADER = f"AWS4-HMAC-SHA256 Credential=AKID/{SCOPE}, SignedHeaders=host;x-amz-date, Signature={SIGNATURE}"


@pytest.mark.parametrize("header", [HEADER, HEADER.replace(", ", ","), f"  {HEADER} "])
def test_the_parts_of_the_header(header: str) -> None:
    parsed = parse_authorization(header)
    assert (parsed.key_id, parsed.scope, parsed.signature) == ("AKID", SCOPE, SIGNATURE)
    assert parsed.signed_headers == ("host", "x-amz-date")


@pytest.mark.parametrize("header", ["", "Basic YTpi", "aws4-hmac-sha256 x", "AWS4-HMAC-SHA256,x"])
def test_another_scheme_is_no_signature(header: str) -> None:
    with pytest.raises(MissingAuthenticationToken):
        parse_authorization(header)


MALFORMED = {
    "a part missing": HEADER.rpartition(",")[0],
    "a part more": HEADER + ", Extra=1",
    "a part twice": HEADER + f", Signature={SIGNATURE}",
    "a signature in upper case": HEADER.replace(SIGNATURE, SIGNATURE.upper()),
    "a signature with a newline": HEADER + "\nx",
    "a scope of three parts": HEADER.replace("/us-east-1", ""),
}


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(InvalidSignature):
        parse_authorization(header)
