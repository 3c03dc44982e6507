"""The town of a long run: its tokens are made anew before they expire."""

import time

from tests.people import Town

_FRESH_S = 1_200.0


class LastingTown(Town):
    """As Town, for runs of hours."""

    _since = 0.0

    async def token(self, user: str, *, admin: bool = False) -> str:
        """A token that lives for some time yet."""
        if time.monotonic() - self._since > _FRESH_S:
            self._tokens.clear()
            self._since = time.monotonic()
        return await super().token(user, admin=admin)
