"""Capsules: they tell all that is needed, none of what people wrote, and are refused when they are not whole."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chassis.records import Record
from contracts.headers import ORIGIN
from contracts.topics import ROOMS, SUBMISSIONS, TOPICS, USERS
from replay.capsule.contents import without_contents
from replay.capsule.export import export, manifest_of
from replay.capsule.file import FORMAT, VERSION, BadCapsule, CapsuleWriter, read_capsule, records_of
from replay.capsule.selection import Selection, of_room, of_user, of_window
from replay.log import Log, Origin
from replay.origin import Manifest, NotImported, capsule_topic, manifest_topic
from replay.subject import RoomSubject, UserSubject
from replay.timeline import Window, timeline
from tests.doubles.log import MemoryLog
from tests.doubles.rooms import profile, send
from tests.doubles.world import World
from tests.unit.replay.given import nothing


async def some_world() -> World:
    world = World()
    await world.settle("ann", "ben", rooms=2)
    await world.name(profile("zoe", "approved", "Zoe"))
    await world.connect("ben")
    world.lease()
    await world.ask(send("ann", "a secret", room="room-0", key="k"))
    await world.ask(send("ben", "another secret", room="room-1"))
    world.push(world.posted("room-0")[0], count=1)
    return world


async def exported(world: World, selection: Selection, path: Path, *, contents: bool = False) -> Manifest:
    log = await world.opened()
    manifest = await manifest_of(log, selection, contents=contents, topic_ids={})
    await export(log, selection, manifest, path, nothing)
    return manifest


def imported(path: Path, name: str = "c") -> MemoryLog:
    """What replay/capsule/importing.py writes, into topics in memory."""
    manifest, _ = read_capsule(path)
    names = [capsule_topic(name, topic) for topic in manifest.partitions] + [manifest_topic(name)]
    log = MemoryLog(topics=names)
    log.counts |= {capsule_topic(name, topic): count for topic, count in manifest.partitions.items()}
    for one in records_of(path):
        origin = Origin(one.topic, one.partition, one.offset, one.timestamp)
        headers = (*one.headers, (ORIGIN, msgspec.json.encode(origin)))
        log.put(capsule_topic(name, one.topic), one.partition, replace_record(one, headers))
    log.put(manifest_topic(name), 0, Record("", 0, 0, 0, None, msgspec.json.encode(manifest)))
    log.counts[manifest_topic(name)] = 1
    return log


def replace_record(one: Record, headers: tuple[tuple[str, bytes], ...]) -> Record:
    return Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value, headers)


async def test_after_import_a_room_tells_the_same_story(tmp_path: Path) -> None:
    world, path = await some_world(), tmp_path / "room.kaiwa"
    live = await world.opened()
    await exported(world, await of_room(live, "room-0", nothing), path)
    again = await Log.over(imported(path), *TOPICS, capsule="c")
    for subject in (RoomSubject("room-0"), UserSubject("ben")):
        told = [one.data(show_content=False) async for one in timeline(live, subject, Window(), nothing)]
        retold = [one.data(show_content=False) async for one in timeline(again, subject, Window(), nothing)]
        ours = [line for line in told if "room-1" not in str(line)]
        assert [without_address(line) for line in retold] == [without_address(line) for line in ours]
        assert ours


def without_address(line: dict[str, object]) -> dict[str, object]:
    event = line["event"]
    assert isinstance(event, dict)
    return line | {"event": {name: value for name, value in event.items() if name not in {"sourceIp", "userAgent"}}}


async def test_a_capsule_holds_only_what_it_is_about(tmp_path: Path) -> None:
    world, path = await some_world(), tmp_path / "room.kaiwa"
    await exported(world, await of_room(await world.opened(), "room-0", nothing), path)
    keys = {(one.topic, one.key) for one in records_of(path)}
    assert (ROOMS.name, b"room-0") in keys
    assert (USERS.name, b"ben") in keys
    assert (ROOMS.name, b"room-1") not in keys
    assert (USERS.name, b"zoe") not in keys


async def test_a_user_brings_all_their_rooms_and_a_window_whoever_was_active_then(tmp_path: Path) -> None:
    world = await some_world()
    selection = await of_user(await world.opened(), "ben", nothing)
    assert selection.rooms == {"room-0", "room-1"}
    assert selection.users == {"ann", "ben"}
    begins = world.log.now_ms + 1
    await world.ask(send("ben", "now", room="room-1"))
    window = Window(begins, world.log.now_ms)
    active = await of_window(await world.opened(), window, "then", nothing)
    assert active.rooms == {"room-1"}
    await exported(world, active, tmp_path / "w.kaiwa")
    assert min(one.offset for one in records_of(tmp_path / "w.kaiwa") if one.topic == ROOMS.name) >= 0
    assert {one.key for one in records_of(tmp_path / "w.kaiwa") if one.topic == SUBMISSIONS.name} == {b"room-1"}


async def test_contents_stay_out_unless_asked_for(tmp_path: Path) -> None:
    world = await some_world()
    selection = await of_room(await world.opened(), "room-0", nothing)
    await exported(world, selection, tmp_path / "without.kaiwa")
    await exported(world, selection, tmp_path / "with.kaiwa", contents=True)
    assert b"a secret" not in gzip.decompress((tmp_path / "without.kaiwa").read_bytes())
    assert b"10.0.0.7" not in gzip.decompress((tmp_path / "without.kaiwa").read_bytes())
    assert b"a secret" in gzip.decompress((tmp_path / "with.kaiwa").read_bytes())


def test_what_is_left_out_keeps_its_length_and_what_is_not_understood_goes_whole() -> None:
    masked = without_contents('{"type":"sendMessage","content":"héllo","odd":"text","seq":3}'.encode())
    assert json.loads(masked or b"") == {"type": "sendMessage", "content": "·····", "odd": "····", "seq": 3}
    assert without_contents(b"not json at all") == b"." * 15
    assert without_contents(b'"a text"') == b"." * 8
    assert without_contents(None) is None


# Refusals


def manifest() -> Manifest:
    return Manifest(
        format=FORMAT,
        version=VERSION,
        made_at="2026-07-30T18:00:00.000Z",
        about="a test",
        contents=False,
        partitions={},
        ends={},
        begins={},
    )


def whole(path: Path, made: Manifest | None = None) -> bytes:
    with CapsuleWriter(path, made or manifest()) as writer:
        for number in range(3):
            writer.write(Record(ROOMS.name, 0, number, 5, b"k", b'{"n":%d}' % number, (("h", b"\xff"),)))
        writer.write(Record(ROOMS.name, 0, 9, 5, b"\xff", None))
    return gzip.decompress(path.read_bytes())


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "whole.kaiwa"
    whole(path)
    made, count = read_capsule(path)
    assert (made, count) == (manifest(), 4)
    records = list(records_of(path))
    assert records[1] == Record(ROOMS.name, 0, 1, 5, b"k", b'{"n":1}', (("h", b"\xff"),))
    assert (records[3].key, records[3].value) == (b"\xff", None)


BREAKAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a line is missing": (lambda raw: b"".join(raw.splitlines(True)[:2] + raw.splitlines(True)[3:]), "corrupt"),
    "a byte is another": (lambda raw: raw.replace(b'{\\"n\\":1}', b'{\\"n\\":7}'), "corrupt"),
    "the end is missing": (lambda raw: b"".join(raw.splitlines(True)[:-1]), "truncated"),
    "it goes on after the end": (lambda raw: raw + b"{}\n", "corrupt"),
    "a line is no record": (lambda raw: raw.replace(b'"t":"chat.rooms"', b'"x":"chat.rooms"'), "corrupt"),
    "a topic is unknown": (lambda raw: raw.replace(b'"t":"chat.rooms"', b'"t":"chat.other"'), "corrupt"),
    "another format": (lambda raw: raw.replace(FORMAT.encode(), b"tar"), "no capsule"),
    "no manifest": (lambda _raw: b"hello\n", "no capsule"),
    "nothing at all": (lambda _raw: b"", "no capsule"),
    "a newer version": (lambda raw: raw.replace(b'"version":1', b'"version":2', 1), "version 2"),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_capsule_that_is_not_whole_is_refused_with_a_reason(tmp_path: Path, breakage: str) -> None:
    path, (break_it, reason) = tmp_path / "broken.kaiwa", BREAKAGES[breakage]
    raw = whole(path)
    path.write_bytes(gzip.compress(break_it(raw)))
    with pytest.raises(BadCapsule, match=reason):
        read_capsule(path)


def test_a_file_that_was_cut_or_is_no_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.kaiwa"
    whole(path)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(BadCapsule, match="truncated"):
        read_capsule(path)
    path.write_bytes(raw[:-8] + b"\x00\x00\x00\x00" + raw[-4:])
    with pytest.raises(BadCapsule, match="corrupt"):
        read_capsule(path)
    path.write_bytes(b"PK\x03\x04 a zip file, perhaps")
    with pytest.raises(BadCapsule, match="no capsule"):
        read_capsule(path)


def test_a_writer_that_fails_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "none.kaiwa"
    with pytest.raises(RuntimeError), CapsuleWriter(path, manifest()):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


async def test_a_capsule_that_was_not_imported_is_told_so() -> None:
    with pytest.raises(NotImported):
        await Log.over(MemoryLog(), *TOPICS, capsule="none")


async def test_history_begins_where_it_began_for_the_log_it_was_taken_from(tmp_path: Path) -> None:
    world, path = await some_world(), tmp_path / "late.kaiwa"
    log = await world.opened()
    part = log.part_of(ROOMS, "room-0")
    world.log.expire(ROOMS.name, part.partition, 1)
    made = await exported(world, await of_room(await world.opened(), "room-0", nothing), path)
    again = await Log.over(imported(path), *TOPICS, capsule="c")
    assert [(one.part, one.offset) for one in await again.beginnings(TOPICS)] == [(part, 1)]
    assert replace(made, beginnings=[]) != made
