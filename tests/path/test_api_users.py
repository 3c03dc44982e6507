"""People through the HTTP API (spec 8). Persistence is absent: the test folds the profiles."""

import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from contracts.controls import SessionsRevoked
from contracts.timestamps import epoch_ms
from contracts.users import ProfileUpdated
from tests.path.api_bench import Bench, api_on, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine

OLDER = {"iat": int(time.time()) - 60}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with api_on(engines, outcome_wait_s=2.0) as running:
        yield running


async def test_the_first_look_at_oneself_makes_the_profile(bench: Bench) -> None:
    me = unique("user")
    answered = await bench.ask("GET", "/api/users/me", by=me)
    (event,) = bench.log.of(me)
    assert isinstance(event, ProfileUpdated)
    assert (event.only_if_absent, event.updated_by, event.verification_status) == (True, me, "pending")
    assert (answered.status, answered.body) == (
        200,
        {
            "userId": me,
            "displayName": f"{me} of the token",
            "verificationStatus": "pending",
            "updatedAt": event.occurred_at,
            "isAdmin": False,
        },
    )
    assert bench.log.keys[event.event_id] == me.encode()


async def test_later_looks_publish_nothing(bench: Bench) -> None:
    me = unique("user")
    await bench.profile(me, "Known")
    answered = await bench.ask("GET", "/api/users/me", by=me, groups=["admin", "others"])
    assert (answered.body["displayName"], answered.body["isAdmin"]) == ("Known", True)
    assert bench.log.of(me) == []


async def test_a_profile_that_is_not_made_in_time_is_answered_202(bench: Bench) -> None:
    me = unique("user")
    bench.deaf_to.add(me)
    answered = await bench.ask("GET", "/api/users/me", by=me)
    assert (answered.status, answered.body) == (202, {"eventId": bench.log.of(me)[0].event_id})


@pytest.mark.parametrize(
    ("name", "made"), [("  ", None), ("x" * 200, "x" * 100), ("bell\u0007 boy", "bell boy"), ("花子", "花子")]
)
async def test_the_name_of_the_token_is_made_to_fit(bench: Bench, name: str, made: str | None) -> None:
    me = unique("user")
    claims = {"name": name, "cognito:username": None}
    answered = await bench.ask("GET", "/api/users/me", by=me, claims=claims)
    assert answered.body["displayName"] == (made or me)


async def test_everybody_sets_their_own_display_name_and_only_that(bench: Bench) -> None:
    me = unique("user")
    await bench.profile(me, "Before")
    answered = await bench.ask("PUT", f"/api/users/{me}/profile", by=me, json={"displayName": "After 後"})
    assert (answered.status, answered.body["displayName"]) == (200, "After 後")
    (event,) = bench.log.of(me)
    assert (event.display_name, bool(event.verification_status), event.only_if_absent) == ("After 後", False, False)


async def test_a_name_set_before_the_first_look_keeps_the_default_verification(bench: Bench) -> None:
    me = unique("user")
    answered = await bench.ask("PUT", f"/api/users/{me}/profile", by=me, json={"displayName": "Early"})
    assert answered.body["displayName"] == "Early"
    assert answered.body["verificationStatus"] == "pending"
    assert [event.only_if_absent for event in bench.log.of(me)] == [True, False]


@pytest.mark.parametrize(
    "change", [{"verificationStatus": "approved"}, {"displayName": "x", "verificationStatus": "approved"}]
)
async def test_nobody_approves_themselves(bench: Bench, change: dict[str, Any]) -> None:
    me = unique("user")
    answered = await bench.ask("PUT", f"/api/users/{me}/profile", by=me, groups=["users"], json=change)
    assert (answered.status, answered.body["code"]) == (403, "FORBIDDEN")
    assert bench.log.of(me) == []


async def test_nobody_names_another(bench: Bench) -> None:
    other = unique("user")
    answered = await bench.ask("PUT", f"/api/users/{other}/profile", json={"displayName": "Fool"})
    assert (answered.status, answered.body["code"]) == (403, "FORBIDDEN")
    assert bench.log.of(other) == []


@pytest.mark.parametrize(
    "change",
    [
        {"verificationStatus": "approved"},
        {"displayName": "By an admin"},
        {"displayName": "n", "verificationStatus": "rejected"},
    ],
)
async def test_an_admin_sets_what_is_named_and_nothing_else(bench: Bench, change: dict[str, Any]) -> None:
    other = unique("user")
    answered = await bench.ask("PUT", f"/api/users/{other}/profile", by="root", groups=["admin"], json=change)
    assert answered.status == 200
    default, event = bench.log.of(other)
    assert (default.only_if_absent, default.verification_status, bool(default.display_name)) == (True, "pending", False)
    set_fields = {"displayName": event.display_name, "verificationStatus": event.verification_status}
    assert {name: value for name, value in set_fields.items() if value} == change
    assert event.updated_by == "root"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"displayName": None},
        {"displayName": ""},
        {"displayName": " \u3000"},
        {"displayName": "x" * 101},
        {"displayName": "\ud800"},
        {"displayName": "a\nb"},
        {"verificationStatus": "yes"},
    ],
)
async def test_a_malformed_profile_is_refused(bench: Bench, change: dict[str, Any]) -> None:
    answered = await bench.ask("PUT", "/api/users/root/profile", by="root", groups=["admin"], json=change)
    assert (answered.status, answered.body["code"]) == (422, "UNPROCESSABLE")


async def test_a_display_name_may_have_100_code_points(bench: Bench) -> None:
    me = unique("user")
    answered = await bench.ask("PUT", f"/api/users/{me}/profile", by=me, json={"displayName": "😀" * 100})
    assert (answered.status, answered.body["displayName"]) == (200, "😀" * 100)


async def test_people_are_found_by_the_start_of_their_name_whatever_its_case(bench: Bench) -> None:
    start = unique("Zoë")
    await bench.profile("z-2", f"{start}-two")
    await bench.profile("z-1", f"{start}-One")
    await bench.profile("z-3", f"x{start}")
    answered = await bench.ask("GET", "/api/users", params={"query": start.upper()})
    assert answered.body == {
        "users": [{"userId": "z-1", "displayName": f"{start}-One"}, {"userId": "z-2", "displayName": f"{start}-two"}]
    }


async def test_at_most_20_people_are_found(bench: Bench) -> None:
    start = unique("many")
    for number in range(25):
        await bench.profile(f"many-{number}", f"{start} {number:02}")
    answered = await bench.ask("GET", "/api/users", params={"query": start})
    assert [user["displayName"][-2:] for user in answered.body["users"]] == [f"{n:02}" for n in range(20)]


@pytest.mark.parametrize("query", [None, "", "x" * 101])
async def test_a_search_for_nothing_is_refused(bench: Bench, query: str | None) -> None:
    answered = await bench.ask("GET", "/api/users", params={} if query is None else {"query": query})
    assert (answered.status, answered.body["code"]) == (422, "UNPROCESSABLE")


async def test_only_an_admin_revokes_sessions(bench: Bench) -> None:
    other = unique("user")
    answered = await bench.ask("DELETE", f"/api/users/{other}/sessions")
    assert (answered.status, answered.body["code"]) == (403, "FORBIDDEN")
    assert bench.log.of(other) == []


async def test_tokens_issued_before_a_revocation_are_refused_at_once_and_later_ones_are_not(bench: Bench) -> None:
    other = unique("user")
    assert (await bench.ask("GET", "/api/rooms", by=other, claims=OLDER)).status == 200
    revoked = await bench.ask("DELETE", f"/api/users/{other}/sessions", by="root", groups=["admin"])
    assert (revoked.status, revoked.body) == (204, "")
    answered = await bench.ask("GET", "/api/rooms", by=other, claims=OLDER)
    assert (answered.status, answered.body["code"]) == (401, "UNAUTHENTICATED")
    (event,) = await eventually(lambda: bench.log.of(other))
    assert isinstance(event, SessionsRevoked)
    assert abs(epoch_ms(event.revoked_at) - time.time() * 1000) < 10_000
    assert bench.log.keys[event.event_id] == other.encode()
    later = {"iat": int(time.time()) + 2}
    assert (await bench.ask("GET", "/api/rooms", by=other, claims=later)).status == 200


async def test_a_revocation_that_another_process_published_is_known_here(
    bench: Bench, engines: "RunningEngines"
) -> None:
    other = unique("user")
    async with api_on(engines) as second:
        await second.ask("DELETE", f"/api/users/{other}/sessions", by="root", groups=["admin"])

    async def refused() -> bool:
        return (await bench.ask("GET", "/api/rooms", by=other, claims=OLDER)).status == 401

    await eventually(refused, within_s=2)


async def test_revocations_are_known_before_the_first_request_is_answered(
    bench: Bench, engines: "RunningEngines"
) -> None:
    other = unique("user")
    await bench.ask("DELETE", f"/api/users/{other}/sessions", by="root", groups=["admin"])
    async with api_on(engines) as fresh:
        assert (await fresh.ask("GET", "/api/rooms", by=other, claims=OLDER)).status == 401


async def test_the_site_names_its_admins_its_default_and_may_switch_the_search_off(engines: "RunningEngines") -> None:
    me = unique("user")
    changes = {"admin_group": "owners", "default_verification": "approved", "user_search": "off"}
    async with api_on(engines, **changes) as site:
        answered = await site.ask("GET", "/api/users/me", by=me, groups=["owners"])
        assert (answered.body["isAdmin"], answered.body["verificationStatus"]) == (True, "approved")
        assert (await site.ask("GET", "/api/users/me", by=me, groups=["admin"])).body["isAdmin"] is False
        off = await site.ask("GET", "/api/users", params={"query": "a"})
        assert (off.status, off.body["code"]) == (404, "NOT_FOUND")
