"""The issuer's key set over HTTP, bounded in size; who calls bounds the time (spec 2)."""

from typing import Final

import aiohttp

from chassis.auth.errors import KeysUnavailable

RESPONSE_BYTES: Final = 256 * 1024


async def fetch_keys(url: str) -> bytes:
    """The body of a 200 answer of at most 256 KiB; raises KeysUnavailable for anything else, a redirect included."""
    try:
        return await _get(url)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise KeysUnavailable(f"the issuer's keys could not be fetched: {type(error).__name__}") from error


async def _get(url: str) -> bytes:
    # A redirect could lead into the internal network, and compressed data could grow without bound.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(url, headers=headers, allow_redirects=False) as response,
    ):
        if response.status != 200:
            raise KeysUnavailable(f"the issuer answered {response.status} when asked for its keys")
        return await _bounded(response.content)


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > RESPONSE_BYTES:
            raise KeysUnavailable(f"the issuer's key set is larger than {RESPONSE_BYTES} bytes")
    return bytes(body)
