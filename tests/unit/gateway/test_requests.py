import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.requests import DEFAULT, Request, request_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"action":"sendMessage"}', Request("sendMessage")),
        ('{"action":"sendMessage","clientMessageId":"k","chatRoomId":"r"}', Request("sendMessage", "k", "r")),
        ('{"action":"sendMessage","clientMessageId":"no good","chatRoomId":"r#"}', Request("sendMessage")),
        ('{"action":"sendMessage","clientMessageId":5,"chatRoomId":[]}', Request("sendMessage")),
        ('{"action":"sendMessage","clientMessageId":"k","content":"\\ud800"}', Request("sendMessage", "k")),
        ('{"action":"sendmessage"}', Request(DEFAULT)),
        ('{"action":"$connect"}', Request(DEFAULT)),
        ('{"action":"$disconnect"}', Request(DEFAULT)),
        ('{"action":"$default"}', Request(DEFAULT)),
        ('{"action":null}', Request(DEFAULT)),
        ('{"action":["ping"]}', Request(DEFAULT)),
        ("{}", Request(DEFAULT)),
        ("[]", Request(DEFAULT)),
        ("", Request(DEFAULT)),
        ("sendMessage", Request(DEFAULT)),
        ('["\\ud800"]', Request(DEFAULT)),
        ('{"action":"ping","x":' + "[" * 50_000, Request(DEFAULT)),
    ],
)
def test_the_route_is_the_action_exact_and_case_sensitive(text: str, expected: Request) -> None:
    assert request_of(text) == expected


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert request_of(text).action
