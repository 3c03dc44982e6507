"""A slice of all topics into a file, in bounded memory."""

from dataclasses import replace
from pathlib import Path
from time import time

from chassis.records import Record
from contracts.timestamps import iso
from contracts.topics import TOPICS
from replay.capsule.contents import without_contents
from replay.capsule.file import FORMAT, VERSION, CapsuleWriter
from replay.capsule.selection import Selection
from replay.log import Log
from replay.origin import Manifest
from replay.timeline import OnProgress


async def manifest_of(log: Log, selection: Selection, *, contents: bool, topic_ids: dict[str, str]) -> Manifest:
    """What the capsule will tell of itself and of the log it is taken from."""
    kept = [topic for topic in TOPICS if not topic.compacted]
    return Manifest(
        format=FORMAT,
        version=VERSION,
        made_at=iso(int(time() * 1000)),
        about=selection.about,
        contents=contents,
        partitions={topic.name: log.count(topic) for topic in TOPICS},
        ends={topic.name: [log.end(part) for part in log.parts(topic)] for topic in TOPICS},
        begins={topic.name: [log.begin(part) for part in log.parts(topic)] for topic in TOPICS},
        beginnings=[(one.part.topic, one.part.partition, one.offset, one.time) for one in await log.beginnings(kept)],
        log=topic_ids,
    )


async def export(log: Log, selection: Selection, manifest: Manifest, path: Path, on_progress: OnProgress) -> int:
    """Write the file; returns how many records it holds. Nothing stands at `path` before it is whole."""
    spans = {topic: await log.between(selection.parts(log, topic), None, selection.to_ms) for topic in TOPICS}
    total, before = sum(len(span) for some in spans.values() for span in some.values()), 0
    with CapsuleWriter(path, manifest) as writer:
        for topic, some in spans.items():
            async with log.reading(some, keep=selection.keeper(topic)) as reading:
                while not reading.done:
                    for record in await reading.any():
                        _write(writer, log.original(record), selection, contents=manifest.contents)
                    on_progress(before + reading.read, total)
                before += reading.read
        return writer.records


def _write(writer: CapsuleWriter, record: Record, selection: Selection, *, contents: bool) -> None:
    if selection.to_ms is not None and record.timestamp > selection.to_ms:
        return
    writer.write(record if contents else replace(record, value=without_contents(record.value)))
