import time
from urllib.parse import urlsplit

import pytest

from chassis.sigv4_sign import sign
from gateway.sigv4 import Key, SignedRequest, verify

KEY = Key("AKID", "secret")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8001/prod/@pushes", "https://gateway.example/prod/@connections/A%3D?a=1"]
)
def test_what_it_signs_the_gateway_accepts(url: str) -> None:
    headers = sign("POST", url, {"Content-Type": "x/y"}, b"body", key_id="AKID", secret="secret", region="eu-west-1")
    assert headers["Content-Type"] == "x/y"
    parts = urlsplit(url)
    sent = [(name.lower().encode(), value.encode()) for name, value in {"Host": parts.netloc, **headers}.items()]
    request = SignedRequest("POST", parts.path.encode(), parts.query.encode(), sent, b"body")
    assert verify(request, {"AKID": KEY}, "eu-west-1", time.time()) is KEY


def test_the_headers_that_were_given_stay_as_they_were() -> None:
    given = {"X-Amz-Meta": "1"}
    sign("GET", "http://h/", given, b"", key_id="AKID", secret="secret", region="r")
    assert given == {"X-Amz-Meta": "1"}
