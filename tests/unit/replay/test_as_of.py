"""A room as it was: people, profiles, read marks, messages, connections."""

import pytest

from chassis.items import row
from contracts import table
from contracts.rows import MembershipRow, RoomRow
from replay.as_of import Moment, room_as_of
from replay.timeline import NotFound
from tests.doubles.rooms import create, profile, read, remove, send
from tests.doubles.world import World
from tests.unit.replay.given import nothing


async def some_world() -> World:
    world = World()
    await world.settle("ann", "ben", rooms=1)
    return world


async def test_at_an_offset_later_events_have_not_happened() -> None:
    world = await some_world()
    await world.ask(send("ann", "one", room="room-0"))
    moment = await world.ask(read("ben", 1, room="room-0"))
    await world.ask(send("ann", "two", room="room-0"))
    await world.ask(remove("ann", "ben", room="room-0"))
    found = await room_as_of(await world.opened(), "room-0", Moment(offset=moment.offset), nothing)
    assert [one.user_id for one in found.people] == ["ann", "ben"]
    assert [(one.user_id, one.data(found.fence.seq)["unread"]) for one in found.people] == [("ann", 1), ("ben", 0)]
    assert [one.content for one in found.messages] == ["one"]
    now = await room_as_of(await world.opened(), "room-0", Moment(), nothing)
    assert [one.user_id for one in now.people] == ["ann"]
    assert now.fence.seq == 2


async def test_at_a_time_profiles_and_connections_are_those_of_then() -> None:
    world = await some_world()
    connection = await world.connect("ben")
    then = world.log.now_ms
    await world.disconnect("ben", connection)
    await world.name(profile("ben", "rejected", "Benjamin"))
    found = await room_as_of(await world.opened(), "room-0", Moment(time_ms=then), nothing)
    ben = found.people[1]
    assert [one.connection_id for one in ben.connections] == [connection]
    assert ben.profile is not None
    assert (ben.profile.display_name, ben.profile.verification_status) == ("Ben", "approved")
    now = await room_as_of(await world.opened(), "room-0", Moment(), nothing)
    assert now.people[1].connections == ()
    assert now.people[1].profile is not None
    assert now.people[1].profile.verification_status == "rejected"


async def test_now_it_is_what_the_table_holds() -> None:
    world = await some_world()
    for number in range(15):
        await world.ask(send("ann", f"message {number}", room="room-0"))
    await world.ask(read("ben", 7, room="room-0"))
    found = await room_as_of(await world.opened(), "room-0", Moment(), nothing)
    assert found.room == row(RoomRow, world.table.items[table.room("room-0")])
    assert found.people[1].membership == row(MembershipRow, world.table.items[table.membership("ben", "room-0")])
    assert [one.seq for one in found.messages] == list(range(6, 16))


async def test_contents_are_hidden_unless_asked_for() -> None:
    world = await some_world()
    await world.ask(send("ann", "a secret", room="room-0"))
    found = await room_as_of(await world.opened(), "room-0", Moment(), nothing)
    assert "a secret" not in str(found.data(show_content=False))
    assert "a secret" in str(found.data(show_content=True))


async def test_before_its_creation_there_is_no_room() -> None:
    world = await some_world()
    before = world.log.now_ms
    await world.ask(create("ann", room="later"))
    with pytest.raises(NotFound):
        await room_as_of(await world.opened(), "later", Moment(time_ms=before), nothing)
