"""The HTTP API together with persistence: requests become submissions, are decided in the log, and are answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from chassis.health import Health
from chassis.log_id import ensure_log_id, log_id
from chassis.process import Stop
from chassis.topic_ids import topic_ids
from contracts import table as keys
from services.persistence.api.settings import ApiSettings
from services.persistence.app import build
from services.persistence.settings import PersistenceSettings
from tests.path.api_bench import Answered, Bench, api_on, unique
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@asynccontextmanager
async def persistence_for(settings: ApiSettings) -> AsyncIterator[None]:
    """Persistence on the same topics and table, ready."""
    await asyncio.to_thread(ensure_log_id, settings, log_id(await topic_ids(settings)))
    shared = {name: getattr(settings, name) for name in PersistenceSettings.model_fields if hasattr(settings, name)}
    health, stop = Health(), Stop()
    process = build(PersistenceSettings(**shared, persistence_group=unique("persistence")), health)
    health.started()
    task = asyncio.create_task(process.run(stop))
    try:
        await eventually(lambda: health.ready, within_s=30)
        yield
    finally:
        stop.ask()
        await asyncio.wait_for(task, 30)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bench(engines: "RunningEngines") -> AsyncIterator[Bench]:
    async with api_on(engines, outcome_wait_s=10.0) as api:
        api.log.decide = lambda _event, _offset: None
        async with persistence_for(api.api.parts.settings):
            yield api


async def person(bench: Bench, name: str = "user", *, status: str = "approved") -> str:
    user_id = unique(name)
    body = {"verificationStatus": status, "displayName": f"{user_id} さん"}
    answered = await bench.ask("PUT", f"/api/users/{user_id}/profile", by="root", groups=["admin"], json=body)
    assert (answered.status, answered.body["verificationStatus"]) == (200, status)
    return user_id


async def create(bench: Bench, by: str, *people: str, room: str | None = None, name: str = "Room") -> Answered:
    body: dict[str, Any] = {"name": name, "participantIds": list(people)}
    return await bench.ask("POST", "/api/rooms", by=by, json=body if room is None else body | {"chatRoomId": room})


async def members(bench: Bench, room: str, by: str) -> set[str]:
    answered = await bench.ask("GET", f"/api/rooms/{room}", by=by)
    return {found["userId"] for found in answered.body["participants"]}


async def test_a_new_user_signs_in_is_approved_makes_a_room_and_finds_it(bench: Bench) -> None:
    me = unique("anna")
    first = await bench.ask("GET", "/api/users/me", by=me)
    assert (first.status, first.body["verificationStatus"]) == (200, "pending")
    refused = await create(bench, me)
    assert (refused.status, refused.body["code"]) == (403, "VERIFICATION_REQUIRED")
    approval = {"verificationStatus": "approved"}
    approved = await bench.ask("PUT", f"/api/users/{me}/profile", by="root", groups=["admin"], json=approval)
    assert (approved.body["verificationStatus"], approved.body["displayName"]) == (
        "approved",
        first.body["displayName"],
    )
    made = await create(bench, me, "ben", name="読書会")
    assert (made.status, made.body["participantIds"]) == (201, [me, "ben"])
    listed = (await bench.ask("GET", "/api/rooms", by=me)).body["rooms"]
    assert [(room["chatRoomId"], room["name"], room["unread"]) for room in listed] == [
        (made.body["chatRoomId"], "読書会", 0)
    ]


async def test_a_room_made_twice_is_one_room_and_another_of_its_id_is_refused(bench: Bench) -> None:
    me, other, room = await person(bench), await person(bench), unique("room")
    first = await create(bench, me, "ben", room=room)
    again = await create(bench, me, "ben", room=room)
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    for by, people, name in ((me, ["ben", "carol"], "Room"), (me, ["ben"], "Other"), (other, ["ben"], "Room")):
        refused = await create(bench, by, *people, room=room, name=name)
        assert (refused.status, refused.body["code"]) == (409, "ROOM_EXISTS")


@pytest.mark.parametrize("named", [True, False])
async def test_a_room_of_500_is_whole_when_it_is_answered(bench: Bench, named: bool) -> None:
    me, room = await person(bench), unique("room") if named else None
    people = [f"p{number}" for number in range(499)]
    made = await create(bench, me, *people, room=room)
    assert (made.status, set(made.body["participantIds"])) == (201, {me, *people})
    if named:
        again = await create(bench, me, *people, room=room)
        assert (again.status, again.body) == (201, made.body)


async def test_who_may_add_and_remove_is_decided_in_the_log(bench: Bench) -> None:
    owner, friend, stranger = await person(bench), await person(bench), await person(bench)
    pending = await person(bench, status="pending")
    room = (await create(bench, owner, friend, pending)).body["chatRoomId"]

    async def may(method: str, who: str, by: str, **options: Any) -> tuple[int, str]:
        answered = await bench.ask(method, f"/api/rooms/{room}/participants/{who}", by=by, **options)
        return answered.status, answered.body["code"]

    assert await may("PUT", "x", friend) == (200, "OK")
    assert await may("PUT", "x", friend) == (200, "OK")
    assert await may("PUT", "y", pending) == (403, "VERIFICATION_REQUIRED")
    assert await may("PUT", "y", stranger) == (404, "NOT_FOUND")
    assert await may("DELETE", "x", friend) == (403, "FORBIDDEN")
    assert await may("DELETE", "x", owner) == (200, "OK")
    assert await may("DELETE", "x", owner) == (200, "OK")
    assert await may("DELETE", friend, friend) == (200, "OK")
    assert await may("DELETE", pending, "root", groups=["admin"]) == (200, "OK")
    assert await members(bench, room, owner) == {owner}
    assert (await bench.ask("GET", f"/api/rooms/{room}/messages", by=friend)).status == 404
    assert (await bench.ask("GET", "/api/rooms", by=friend)).body == {"rooms": []}


async def test_a_renamed_person_is_found_by_the_new_name_only(bench: Bench) -> None:
    me, before, after = await person(bench), unique("Before"), unique("After")
    for name in (before, after):
        answered = await bench.ask("PUT", f"/api/users/{me}/profile", by=me, json={"displayName": name})
        assert (answered.status, answered.body["displayName"]) == (200, name)
        assert answered.body["verificationStatus"] == "approved"
    found = [(await bench.ask("GET", f"/api/users?query={name.lower()}")).body["users"] for name in (before, after)]
    assert found == [[], [{"userId": me, "displayName": after}]]


async def test_the_outcome_of_a_command_stays_readable(bench: Bench) -> None:
    me = await person(bench)
    room = (await create(bench, me)).body["chatRoomId"]
    added = await bench.ask("PUT", f"/api/rooms/{room}/participants/ben", by=me)
    told = await bench.ask("GET", f"/api/commands/{added.body['eventId']}", by=me)
    assert (told.status, told.body) == (200, added.body)
    assert await bench.table.get(keys.membership("ben", room)) is not None
