"""What is published about profiles; log and table are one dictionary, folded as persistence folds."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from chassis.projection.profiles import rows_of_profile
from chassis.projection.view import apply
from contracts import table
from contracts.rows import ProfileRow, Row
from contracts.users import ProfileUpdated
from services.persistence.api.authentication import Caller
from services.persistence.api.parts import Parts
from services.persistence.api.shapes import ProfileChange
from services.persistence.api.users import change_profile, me
from tests.unit.services.persistence.api.asgi import settings

ROOT = Caller("root", "Root", is_admin=True)
ERIN = Caller("erin", "Erin Ö", is_admin=False)


class Site:
    """Stands for the parts of a process."""

    def __init__(self) -> None:
        self.rows: dict[table.Key, Row] = {}
        self.published: list[ProfileUpdated] = []
        self.parts = cast(
            Parts, SimpleNamespace(settings=settings(default_verification="approved"), records=self, commands=self)
        )

    async def profile(self, user_id: str) -> ProfileRow | None:
        return cast("ProfileRow | None", self.rows.get(table.profile(user_id)))

    async def update_profile(self, *updates: ProfileUpdated) -> ProfileRow | None:
        for update in updates:
            apply(self.rows, rows_of_profile(update, len(self.published), self.rows))
            self.published.append(update)
        return await self.profile(updates[-1].user_id)

    async def change(self, user_id: str, who: Caller, **change: Any) -> tuple[str, str]:
        told = await change_profile(user_id, ProfileChange(**change), who, self.parts)
        return told.display_name, told.verification_status

    async def look(self, who: Caller) -> tuple[str, str]:
        told = await me(who, self.parts)
        return told.display_name, told.verification_status


@pytest.fixture
def site() -> Site:
    return Site()


async def test_who_is_named_before_the_first_sign_in_keeps_the_sites_default_verification(site: Site) -> None:
    assert await site.change("erin", ROOT, display_name="Erin by root") == ("Erin by root", "approved")
    assert await site.look(ERIN) == ("Erin by root", "approved")


async def test_who_is_judged_before_the_first_sign_in_still_gets_the_name_of_the_token(site: Site) -> None:
    assert await site.change("erin", ROOT, verification_status="rejected") == ("erin", "rejected")
    assert await site.look(ERIN) == ("Erin Ö", "rejected")
    assert len(site.published) == 3


async def test_after_the_first_sign_in_looks_publish_nothing_also_where_the_name_is_the_id(site: Site) -> None:
    await site.look(ERIN)
    await site.change("erin", ERIN, display_name="erin")
    assert await site.look(ERIN) == ("erin", "approved")
    assert len(site.published) == 2


async def test_a_name_of_ones_own_completes_a_profile_that_another_began(site: Site) -> None:
    await site.change("erin", ROOT, verification_status="rejected")
    assert await site.change("erin", ERIN, display_name="E.") == ("E.", "rejected")
    assert await site.look(ERIN) == ("E.", "rejected")
