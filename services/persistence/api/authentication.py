"""Whose request it is (spec 2 and 8): the token's rules are chassis.auth's; here they become a Caller or a refusal."""

from collections.abc import Callable
from dataclasses import dataclass

from chassis.auth.claims import Identity
from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.revocations import Revocations
from chassis.auth.verifier import Verifier
from chassis.records import Record
from contracts.controls import SessionsRevoked
from contracts.timestamps import epoch_ms
from contracts.topics import CONTROLS
from services.persistence.api.problems import Problem, unavailable


@dataclass(frozen=True, slots=True)
class Caller:
    """The user behind a request."""

    user_id: str
    name: str
    """As the token has it; the profile's display name may be another."""
    is_admin: bool

    def require_admin(self) -> None:
        """Raise FORBIDDEN for anybody but an admin."""
        if not self.is_admin:
            raise Problem("FORBIDDEN", "Only an admin may do this.")


class Authentication:
    """Believes a token only while it is known whose sessions were revoked."""

    def __init__(
        self, verifier: Verifier, revocations: Revocations, *, admin_group: str, revocations_known: Callable[[], bool]
    ) -> None:
        self._verifier = verifier
        self._revocations = revocations
        self._admin_group = admin_group
        self._revocations_known = revocations_known

    async def caller(self, token: str | None) -> Caller:
        """Whom `token` speaks for; raises UNAUTHENTICATED, or UNAVAILABLE where that cannot be told just now."""
        if not token:
            raise _unauthenticated("A token is needed: Authorization: Bearer …", "")
        if not self._revocations_known():
            raise unavailable("It is not known yet whose sessions were revoked; try again.")
        identity = await self._verified(token)
        if self._revocations.is_revoked(identity):
            raise _unauthenticated(str(TokenError("REVOKED")))
        return Caller(identity.user_id, identity.name, self._admin_group in identity.groups)

    async def _verified(self, token: str) -> Identity:
        try:
            return await self._verifier.verify(token)
        except TokenError as error:
            raise _unauthenticated(str(error)) from None
        except KeysUnavailable:
            raise unavailable("The issuer's keys cannot be fetched just now; try again.") from None

    def apply(self, record: Record) -> None:
        """Take one record of chat.controls; a Tail's on_record."""
        event = CONTROLS.decode(record.value)
        if isinstance(event, SessionsRevoked):
            self.revoke(event)

    def revoke(self, event: SessionsRevoked) -> None:
        """Refuse the user's older tokens from now on; harmless twice."""
        self._revocations.record(event.user_id, epoch_ms(event.revoked_at))


def _unauthenticated(detail: str, error: str = ', error="invalid_token"') -> Problem:
    return Problem("UNAUTHENTICATED", detail, headers={"WWW-Authenticate": f'Bearer realm="kaiwa"{error}'})
