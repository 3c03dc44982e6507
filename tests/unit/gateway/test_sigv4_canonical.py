import pytest

from gateway.sigv4_canonical import canonical_path, canonical_query, canonical_request, payload_hash

PATHS = {
    b"/prod/@connections/L0SM9cOFvHcCIhw%3D": "/prod/%40connections/L0SM9cOFvHcCIhw%253D",
    b"/prod/@connections/L0SM9cOFvHcCIhw=": "/prod/%40connections/L0SM9cOFvHcCIhw%3D",
    b"/prod/%40connections/L0SM9cOFvHcCIhw%3d": "/prod/%2540connections/L0SM9cOFvHcCIhw%253d",
    b"": "/",
    b"/": "/",
    b"//": "/",
    b"/a//b": "/a/b",
    b"/a/./b/": "/a/b/",
    b"/a/../../b": "/b",
    b"/..": "/",
    b"/a/%2e%2e/b": "/a/%252e%252e/b",
    b"/a-b_c.d~e": "/a-b_c.d~e",
    b"/\xe3\x81\x82": "/%E3%81%82",
}


@pytest.mark.parametrize(("sent", "canonical"), PATHS.items())
def test_the_sent_path_is_encoded_once_more(sent: bytes, canonical: str) -> None:
    assert canonical_path(sent) == canonical


QUERIES = {b"": "", b"b=1&a=2": "a=2&b=1", b"a=2&a=1": "a=1&a=2", b"a": "a=", b"a=b=c": "a=b=c", b"a=%20": "a=%20"}


@pytest.mark.parametrize(("sent", "canonical"), QUERIES.items())
def test_parameters_are_sorted_as_they_were_sent(sent: bytes, canonical: str) -> None:
    assert canonical_query(sent) == canonical


def test_the_whole_request() -> None:
    headers = {"host": ["h"], "x-amz-date": ["  d  d "], "x-amz-m": ["1", "2"], "other": ["o"]}
    text = canonical_request("post", b"/p", b"", headers, ("host", "x-amz-date", "x-amz-m"), payload_hash(b""))
    assert text.decode().split("\n") == [
        "POST",
        "/p",
        "",
        "host:h",
        "x-amz-date:d d",
        "x-amz-m:1,2",
        "",
        "host;x-amz-date;x-amz-m",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ]
