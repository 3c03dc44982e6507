"""`refreshToken`: a connection lives on with a fresh token of the same `sub` (spec 3)."""

import asyncio

from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.revocations import Revocations
from chassis.auth.verifier import Verifier
from contracts.client_frames import RefreshTokenFrame
from gateway.answers import Answers
from gateway.connection import Connection
from gateway.requests import Request
from gateway.upkeep import Upkeep


class Refresh:
    """One at a time for each connection; a verification may have to fetch the issuer's keys."""

    def __init__(self, verifier: Verifier, revocations: Revocations, answers: Answers, upkeep: Upkeep) -> None:
        self._verifier = verifier
        self._revocations = revocations
        self._answers = answers
        self._upkeep = upkeep
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, connection: Connection, request: Request, frame: RefreshTokenFrame) -> None:
        """Verify in the background, then answer."""
        if connection.refreshing:
            self._answers.error(connection, request, "THROTTLED", "A token is being verified", retry_after_s=1.0)
            return
        connection.refreshing = True
        task = asyncio.create_task(self._refresh(connection, request, frame), name="refresh a token")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _refresh(self, connection: Connection, request: Request, frame: RefreshTokenFrame) -> None:
        try:
            identity = await self._verifier.verify(frame.token)
        except TokenError:
            self._refuse(connection, request)
            return
        except KeysUnavailable:
            self._answers.error(connection, request, "UNAVAILABLE", "The token cannot be verified now")
            return
        finally:
            connection.refreshing = False
        if identity.user_id != connection.user_id or self._revocations.is_revoked(identity):
            self._refuse(connection, request)
            return
        connection.identity = identity
        self._upkeep.expires(connection, identity.expires_at)
        self._answers.refreshed(connection, identity.expires_at)

    def _refuse(self, connection: Connection, request: Request) -> None:
        self._answers.error(connection, request, "INVALID_TOKEN", "The token is not valid")
