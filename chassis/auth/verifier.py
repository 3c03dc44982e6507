"""A token → who it is, or why not: all rules of spec 2 in their order."""

import time
from collections.abc import Callable
from typing import Final

from jwt.algorithms import RSAAlgorithm

from chassis.auth.claims import Identity, verify_claims
from chassis.auth.errors import TokenError
from chassis.auth.fetch import fetch_keys
from chassis.auth.issuer import IssuerConfig
from chassis.auth.jwks import Fetch, FetchLimits, KeyCache
from chassis.auth.token import parse

_RS256: Final = RSAAlgorithm(RSAAlgorithm.SHA256)


class Verifier:
    """Believes the tokens of one issuer. One per process: it holds the issuer's keys."""

    def __init__(
        self,
        issuer: IssuerConfig,
        *,
        fetch: Fetch = fetch_keys,
        limits: FetchLimits | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys = KeyCache(issuer.keys_url, fetch=fetch, limits=limits, monotonic=monotonic)

    async def verify(self, token: str) -> Identity:
        """Whom `token` speaks for. Raises TokenError (401) or KeysUnavailable (503).

        Waits only where the token's key is not known yet, at most about 6 s. Revocations are asked for apart
        (`Revocations.is_revoked`).
        """
        parsed = parse(token)
        key = await self._keys.key(parsed.kid)
        if not _RS256.verify(parsed.signed, key, parsed.signature):
            raise TokenError("BAD_SIGNATURE")
        return verify_claims(parsed.claims, self._issuer, self._clock())

    async def warm(self) -> None:
        """Fetch the keys before the first token comes; raises KeysUnavailable, which need not keep a process down."""
        await self._keys.fetch()

    async def close(self) -> None:
        """Give up a fetch in flight."""
        await self._keys.close()
