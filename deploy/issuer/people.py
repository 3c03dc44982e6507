"""Whom the page offers for sign-in: those a local cluster starts with."""

from typing import Any, Final

from deploy.local.seed import USERS

PEOPLE: Final[tuple[dict[str, Any], ...]] = tuple(
    {"userId": user, "name": user.capitalize(), "verificationStatus": status} for user, status in USERS.items()
)


def name_of(user: str) -> str:
    """The name in a user's token; a stranger is called by their id."""
    return user.capitalize() if user in USERS else user
