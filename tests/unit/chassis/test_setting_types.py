from pathlib import Path
from typing import Annotated

import certifi
import pytest
from pydantic_settings import NoDecode

from chassis.setting_types import (
    AuthoritiesFile,
    Brokers,
    ClientIds,
    CommaSeparated,
    FromJson,
    HttpAddress,
    HttpAddressWithQuery,
    Origins,
    WebSocketAddress,
)
from chassis.settings import Settings, SettingsError, load


class Everything(Settings):
    http: HttpAddress = "http://h"
    query: HttpAddressWithQuery = "http://h"
    socket: WebSocketAddress = "ws://h"
    brokers: Brokers = "h"
    origins: Origins = ()
    names: CommaSeparated = ()
    clients: ClientIds = "c"
    authorities: AuthoritiesFile | None = None
    numbers: Annotated[tuple[int, ...], NoDecode, FromJson] = ()


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("http", "http://127.0.0.1:8000"),
        ("http", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab"),
        ("http", "http://[::1]:8000/"),
        ("query", "https://issuer.example/keys?policy=sign-in"),
        ("socket", "wss://chat.example.com/prod"),
        ("brokers", "b1:9092, [::1]:9093,b3"),
        ("clients", "one, two"),
        ("authorities", certifi.where()),
    ],
)
def test_what_is_right_stays_as_it_is(monkeypatch: pytest.MonkeyPatch, field: str, text: str) -> None:
    monkeypatch.setenv(f"KAIWA_{field.upper()}", text)
    assert getattr(load(Everything), field) == text


def test_lists_are_split_at_commas_or_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_NAMES", " a, b ,")
    monkeypatch.setenv("KAIWA_ORIGINS", "https://chat.example.com,http://localhost:8080")
    monkeypatch.setenv("KAIWA_NUMBERS", "[1, 2]")
    settings = load(Everything)
    assert settings.names == ("a", "b")
    assert settings.origins == ("https://chat.example.com", "http://localhost:8080")
    assert settings.numbers == (1, 2)


@pytest.mark.parametrize(
    ("field", "text", "should_be"),
    [
        *(
            ("http", text, "https://HOST/PATH")
            for text in ("foo", "localhost:8000", "http://", "ftp://h", "http://h?q")
        ),
        *(("http", text, "https://HOST/PATH") for text in ("http://h:0", "http://h:70000", "http://h:x", "http://a b")),
        ("query", "keys?policy=sign-in", "https://HOST/PATH"),
        *(("socket", text, "wss://HOST/STAGE") for text in ("http://h", "ws://", "ws://h;x", "ws://h:99999/prod")),
        *(("brokers", text, "HOST:PORT") for text in (",", "kafka://h:1", "h:x", "h:70000", "h:1/2", "a b")),
        *(
            ("origins", text, "without a path")
            for text in ("https://h/", "*", "null", "https://H", "h:80", "http://u@h")
        ),
        ("clients", " , ", "one client id"),
        ("authorities", "/nope", "PEM file of certificates (No such file"),
        ("numbers", "not json", "it should be JSON"),
    ],
)
def test_what_is_wrong_names_its_setting_and_what_it_should_be(
    monkeypatch: pytest.MonkeyPatch, field: str, text: str, should_be: str
) -> None:
    monkeypatch.setenv(f"KAIWA_{field.upper()}", text)
    with pytest.raises(SettingsError) as raised:
        load(Everything)
    assert str(raised.value).startswith(f"KAIWA_{field.upper()} is wrong: it should be")
    assert should_be in str(raised.value)


def test_a_file_that_holds_no_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing", encoding="utf-8")
    monkeypatch.setenv("KAIWA_AUTHORITIES", str(tmp_path / "ca.pem"))
    with pytest.raises(SettingsError, match="KAIWA_AUTHORITIES is wrong: it should be a PEM file"):
        load(Everything)
