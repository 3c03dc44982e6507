"""Where the tokens of the probe's two users come from: files that somebody renews, or the local issuer."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import msgspec

from services.probe.failures import ProbeFailed
from services.probe.settings import ProbeSettings

TOKEN_BYTES = 16_384

TokenOf = Callable[[int], Awaitable[str]]
"""A token of the first user (0) or the second (1), read or asked for anew; raises ProbeFailed."""


class _Answer(msgspec.Struct):
    token: str


def token_source(settings: ProbeSettings, http: aiohttp.ClientSession) -> TokenOf:
    """The way that the settings name."""
    if settings.probe_token_files is not None:
        files = tuple(Path(name) for name in settings.probe_token_files)
        return lambda number: asyncio.to_thread(_from_file, files[number])
    issuer, users = settings.dev_issuer_url or "", settings.probe_users
    return lambda number: issued(http, issuer, users[number])


async def issued(http: aiohttp.ClientSession, issuer: str, user: str, *, admin: bool = False) -> str:
    """A token of the local issuer; raises ProbeFailed."""
    try:
        async with http.post(f"{issuer.rstrip('/')}/dev/token", json={"user": user, "admin": admin}) as answer:
            if answer.status != 200:
                raise ProbeFailed("refused", f"the local issuer answers {answer.status}")
            return msgspec.json.decode(await answer.read(), type=_Answer).token
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ProbeFailed("unreachable", f"the local issuer does not answer ({type(error).__name__})") from None
    except msgspec.MsgspecError:
        raise ProbeFailed("refused", "the local issuer's answer holds no token") from None


def _from_file(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            token = opened.read(TOKEN_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        # Not the error's own text: of a file that is no text it shows a part.
        raise ProbeFailed("refused", f"no token can be read from {file} ({type(error).__name__})") from None
    if not token or not token.isprintable() or " " in token:
        raise ProbeFailed("refused", f"{file} holds no token")
    return token
