"""Whose older tokens are refused: the fold of `sessionsRevoked` (spec 8). Pure but for the clock."""

import math
import time
from collections.abc import Callable
from typing import Final

from chassis.auth.claims import Identity
from contracts.limits import REVOCATION_S

CAPACITY: Final = 100_000


class Revocations:
    """User → when their sessions were revoked; each remembered for 24 h, since tokens live shorter.

    Bounded without forgetting early: beyond `capacity` users the oldest revocation is made everybody's, so that who
    holds a token from before it signs in again.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        remember_s: float = REVOCATION_S,
        capacity: int = CAPACITY,
    ) -> None:
        self._clock = clock
        self._remember_s = remember_s
        self._capacity = capacity
        self._revoked_at_ms: dict[str, int] = {}
        self._everybody_ms: int | None = None

    def record(self, user_id: str, revoked_at_ms: int) -> None:
        """`user_id`'s tokens issued until `revoked_at_ms` (epoch ms) are refused; harmless twice or out of order."""
        # Out and in again, so that the dictionary's order is the order of the last revocation.
        known = self._revoked_at_ms.pop(user_id, revoked_at_ms)
        self._revoked_at_ms[user_id] = max(known, revoked_at_ms)
        self._forget()

    def is_revoked(self, identity: Identity) -> bool:
        """Whether the token behind `identity` was issued at or before its user's revocation, or does not say when."""
        return any(
            self._is_remembered(revoked_at_ms) and _is_at_or_before(identity.issued_at, revoked_at_ms)
            for revoked_at_ms in (self._revoked_at_ms.get(identity.user_id), self._everybody_ms)
            if revoked_at_ms is not None
        )

    def __len__(self) -> int:
        return len(self._revoked_at_ms)

    def _forget(self) -> None:
        while self._revoked_at_ms:
            user_id, revoked_at_ms = next(iter(self._revoked_at_ms.items()))
            if self._is_remembered(revoked_at_ms):
                if len(self._revoked_at_ms) <= self._capacity:
                    return
                self._everybody_ms = max(self._everybody_ms or revoked_at_ms, revoked_at_ms)
            del self._revoked_at_ms[user_id]

    def _is_remembered(self, revoked_at_ms: int) -> bool:
        return self._clock() - revoked_at_ms / 1000 <= self._remember_s


def _is_at_or_before(issued_at: float | None, revoked_at_ms: int) -> bool:
    # `iat` has whole seconds: a token of the revocation's own second may be older than it.
    return issued_at is None or math.floor(issued_at) <= revoked_at_ms // 1000
