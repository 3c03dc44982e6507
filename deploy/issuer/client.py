"""Asking a development issuer for a token, from this machine."""

import contextlib
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 5.0
_ANSWER_BYTES = 65_536


class NoTokenError(Exception):
    """The issuer gives no token; the text is a sentence that says what to do. `retryable`: it did not answer."""

    code = "NO_TOKEN"

    def __init__(self, text: str, *, retryable: bool) -> None:
        super().__init__(text)
        self.retryable = retryable


def ask_for_token(issuer: str, user: str, *, admin: bool = False, expires_in_s: int | None = None) -> str:
    """A token of `user` from the development issuer at `issuer`; with `admin` one of the admin group.

    Blocking, 5 s at most for each step. Raises NoTokenError.
    """
    request = {"user": user, "admin": admin} | ({} if expires_in_s is None else {"expiresIn": expires_in_s})
    status, answer = _asked(issuer, request)
    if status == 200 and isinstance(token := answer.get("token"), str):
        return token
    if "code" in answer:
        raise NoTokenError(f"The issuer at {issuer} refuses: {answer.get('message')}", retryable=False)
    raise NoTokenError(f"{issuer} is no development issuer: get a token where your users sign in.", retryable=False)


def _asked(issuer: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    address = urlsplit(issuer)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    try:
        with contextlib.closing(kind(address.netloc, timeout=_TIMEOUT_S)) as connection:
            connection.request("POST", f"{address.path.rstrip('/')}/dev/token", json.dumps(request))
            response = connection.getresponse()
            return response.status, _object(response.read(_ANSWER_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoTokenError(
            f"The issuer at {issuer} does not answer ({type(error).__name__}): is the cluster up? See `kaiwa status`.",
            retryable=True,
        ) from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
