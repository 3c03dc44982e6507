"""Every endpoint's first step: whose request it is, and whether that user has made too many."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.persistence.api.authentication import Caller
from services.persistence.api.parts import Parts, parts

_bearer = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="A Cognito ID token: the same that opens the socket."
)


async def caller(
    on: Annotated[Parts, Depends(parts)], given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    """Who asks; raises UNAUTHENTICATED, THROTTLED, or UNAVAILABLE where the token cannot be verified just now."""
    who = await on.authentication.caller(given.credentials if given else None)
    on.rates.take(who.user_id)
    return who


async def admin(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Who asks, an admin; raises FORBIDDEN."""
    who.require_admin()
    return who
