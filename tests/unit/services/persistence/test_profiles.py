"""The handler of chat.users: profiles, the directory and OUTCOMEs in one transaction (spec 5 and 8)."""

from typing import Any

import pytest

from chassis.items import row
from contracts import table
from contracts.envelope import Undecodable, encode
from contracts.limits import OUTCOME_TTL_S
from contracts.rows import OutcomeRow, ProfileRow
from contracts.users import ProfileUpdated
from services.persistence.profiles import MOST_EVENTS, ProfileHandler
from services.persistence.received import WrongKey
from services.persistence.store import Fenced
from tests.doubles.rooms import NOON, profile, record
from tests.doubles.table import MemoryTable


@pytest.fixture
def memory() -> MemoryTable:
    return MemoryTable()


def erin(memory: MemoryTable) -> ProfileRow:
    return row(ProfileRow, memory.items[table.profile("erin")])


def names(memory: MemoryTable) -> list[str]:
    return [key.sk for key in memory.items if key.pk == "DIRECTORY"]


def outcome(memory: MemoryTable, event: ProfileUpdated) -> OutcomeRow:
    return row(OutcomeRow, memory.items[table.outcome(event.event_id)])


async def test_an_update_writes_profile_directory_and_outcome_and_publishes_nothing(memory: MemoryTable) -> None:
    event = profile("erin", "approved", "Erin")
    handled = await ProfileHandler(memory).handle([record(event, 4, timestamp=NOON)])
    assert (handled.publish, handled.taken) == ((), 1)
    assert (erin(memory).verification_status, erin(memory).position) == ("approved", 4)
    assert names(memory) == ["NAME#erin#erin"]
    assert outcome(memory, event) == OutcomeRow(position=4, code="OK", ttl=NOON // 1000 + OUTCOME_TTL_S)


async def test_a_batch_of_updates_is_one_transaction_with_the_last_state(memory: MemoryTable) -> None:
    events = [profile("erin", name=name) for name in ("Erin", "Zoe", "Erin", "Ann")]
    await ProfileHandler(memory).handle([record(event, number) for number, event in enumerate(events)])
    assert memory.calls.count("transact") == 1
    assert (erin(memory).display_name, erin(memory).position) == ("Ann", 3)
    assert names(memory) == ["NAME#ann#erin"]
    assert all(outcome(memory, event).code == "OK" for event in events)


async def test_a_rename_moves_the_directory_row_across_batches(memory: MemoryTable) -> None:
    handler = ProfileHandler(memory)
    for number, name in enumerate(("Erin", "Zoe")):
        await handler.handle([record(profile("erin", name=name), number)])
    assert names(memory) == ["NAME#zoe#erin"]


async def test_an_update_that_is_read_again_changes_nothing(memory: MemoryTable) -> None:
    handler = ProfileHandler(memory)
    batch = [record(profile("erin", "approved", "Erin"), 0), record(profile("erin", name="Zoe"), 1)]
    await handler.handle(batch)
    before = dict(memory.items)
    await handler.handle(batch[:1])
    await handler.handle(batch)
    assert memory.items == before


async def test_a_sign_in_finds_the_profile_and_still_has_its_outcome(memory: MemoryTable) -> None:
    handler = ProfileHandler(memory)
    await handler.handle([record(profile("erin", "approved", "Erin"), 0)])
    event = profile("erin", "pending", "erin@example", only_if_absent=True)
    await handler.handle([record(event, 1)])
    assert (erin(memory).verification_status, erin(memory).position) == ("approved", 0)
    assert outcome(memory, event).code == "OK"


async def test_a_worker_that_was_overtaken_writes_nothing_and_tries_again(memory: MemoryTable) -> None:
    slow, quick = ProfileHandler(memory), ProfileHandler(memory)
    batch = [record(profile("erin", "approved", "Erin"), 0), record(profile("erin", name="Zoe"), 1)]

    async def other_goes_first(call: str) -> None:
        if call == "transact":
            memory.before = unhooked
            await quick.handle(batch)

    unhooked, memory.before = memory.before, other_goes_first
    with pytest.raises(Fenced):
        await slow.handle(batch[:1])
    before = dict(memory.items)
    await slow.handle(batch[:1])
    assert memory.items == before


async def test_as_many_updates_as_fit_are_taken_at_once(memory: MemoryTable) -> None:
    batch = [record(profile("erin", name=f"Erin {number}"), number) for number in range(MOST_EVENTS + 9)]
    assert (await ProfileHandler(memory).handle(batch)).taken == MOST_EVENTS
    assert erin(memory).display_name == f"Erin {MOST_EVENTS - 1}"


async def test_what_cannot_be_read_is_left_for_the_next_step_and_then_told(memory: MemoryTable) -> None:
    handler = ProfileHandler(memory)
    bad = record(b"not json", 1, key=b"erin")
    assert (await handler.handle([record(profile("erin", name="Erin"), 0), bad])).taken == 1
    with pytest.raises(Undecodable):
        await handler.handle([bad])


@pytest.mark.parametrize("key", [None, b"zoe"])
async def test_an_update_under_a_key_that_is_not_its_user_is_bad_in_itself(memory: MemoryTable, key: Any) -> None:
    with pytest.raises(WrongKey):
        await ProfileHandler(memory).handle([record(profile("erin"), 0, key=key)])


async def test_an_update_that_is_put_aside_has_its_outcome_if_it_can_be_told_which(memory: MemoryTable) -> None:
    event = profile("erin", name="Erin")
    spoilt = encode(event).replace(b'"Erin"', b"5")
    handler = ProfileHandler(memory)
    await handler.answer_dead_letter(record(spoilt, 3), Undecodable("no"))
    assert outcome(memory, event).code == "INTERNAL"
    for value in (None, b"not json", b"{}"):
        await handler.answer_dead_letter(record(value, 4), Undecodable("no"))
    assert len(memory.items) == 1
