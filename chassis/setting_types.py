"""Addresses, origins and files as settings hold them. A wrong one says what it should be, before anything starts."""

import json
import ssl
from collections.abc import Iterable
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

_HTTP: Final = ("http", "https")


def parts_of(text: str) -> tuple[str, ...]:
    """`"a, b"` as `("a", "b")`."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def is_address(text: str, schemes: Iterable[str]) -> bool:
    """Whether `text` is a URL of one of the schemes with a host, and with a port that exists if it names one."""
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and "#" not in text
    except ValueError:
        return False


def _from_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        # The value may hold secrets, so it is not told.
        raise ValueError("it should be JSON") from None


def _http(text: str) -> str:
    if not is_address(text, _HTTP) or "?" in text:
        raise ValueError("it should be an address such as https://HOST/PATH or http://HOST:PORT")
    return text


def _http_with_query(text: str) -> str:
    _http(text.partition("?")[0])
    return text


def _web_socket(text: str) -> str:
    # It goes into the page's Content-Security-Policy, where these two end a source.
    if not is_address(text, ("ws", "wss")) or ";" in text or "," in text:
        raise ValueError("it should be an address such as wss://HOST/STAGE or ws://HOST:PORT/STAGE")
    return text


def _brokers(text: str) -> str:
    brokers = parts_of(text)
    if not brokers or not all(is_address(f"kafka://{broker}", ["kafka"]) and "/" not in broker for broker in brokers):
        raise ValueError("it should be HOST:PORT of one or more brokers, comma-separated")
    return text


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        scheme, _, host = origin.partition("://")
        # A browser sends an origin in lower case and without a path; another would never be met. And they go into the
        # page's Content-Security-Policy, where a semicolon or a quote would begin something else.
        if not is_address(origin, [scheme]) or set(host) & set("/?@;'*") or origin != origin.lower():
            raise ValueError("it should be origins such as https://chat.example.com, in lower case and without a path")
    return origins


def _authorities(file: str) -> str:
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        raise ValueError(f"it should be a PEM file of certificates ({error.strerror or error})") from None
    return file


def _some(text: str) -> str:
    if not parts_of(text):
        raise ValueError("it should be one client id, or several, comma-separated")
    return text


CommaSeparated = Annotated[
    tuple[str, ...], NoDecode, BeforeValidator(lambda value: parts_of(value) if isinstance(value, str) else value)
]
"""A list in one variable: `a,b,c`."""
HttpAddress = Annotated[str, AfterValidator(_http)]
HttpAddressWithQuery = Annotated[str, AfterValidator(_http_with_query)]
WebSocketAddress = Annotated[str, AfterValidator(_web_socket)]
Brokers = Annotated[str, AfterValidator(_brokers)]
Origins = Annotated[CommaSeparated, AfterValidator(_origins)]
AuthoritiesFile = Annotated[str, AfterValidator(_authorities)]
ClientIds = Annotated[str, AfterValidator(_some)]
FromJson = BeforeValidator(_from_json)
"""Pair it with NoDecode, whose own reading of JSON ends in an error that names no setting."""
