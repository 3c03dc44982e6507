from typing import Any

import pytest
from pydantic import ValidationError

from services.probe.settings import ProbeSettings


def settings(**values: Any) -> ProbeSettings:
    return ProbeSettings(websocket_url="wss://chat.example/prod", http_api_url="https://chat.example", **values)


def test_tokens_come_from_two_files_or_from_the_local_issuer() -> None:
    assert settings(probe_token_files="/run/a, /run/b").probe_token_files == ("/run/a", "/run/b")
    assert settings(dev_issuer_url="http://issuer:9000").probe_users == ("probe-1", "probe-2")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, "set one of KAIWA_PROBE_TOKEN_FILES and KAIWA_DEV_ISSUER_URL"),
        ({"probe_token_files": "/a,/b", "dev_issuer_url": "http://issuer"}, "set one of"),
        ({"probe_token_files": "/a"}, "two different ones"),
        ({"probe_token_files": "/a,/a"}, "two different ones"),
        ({"dev_issuer_url": "http://issuer", "probe_users": "a,b c"}, "a user's id has"),
        ({"dev_issuer_url": "http://issuer", "probe_room": "a#b"}, "has 1 to 64"),
        ({"dev_issuer_url": "http://issuer", "environment": "production"}, "not for production"),
    ],
)
def test_what_is_wrong_says_what_it_should_be(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        settings(**values)
