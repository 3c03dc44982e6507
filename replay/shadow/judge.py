"""Decides recorded submissions again. Runs in this process, or as a program with other code: `python judge.py TREE`.

It imports nothing of replay: in a process of its own, `services`, `chassis` and `contracts` are those of TREE. It reads
requests from standard input and writes an answer to each, both as a length of 4 bytes and MessagePack.
"""

import importlib
import struct
import sys
from pathlib import Path
from typing import Any

import msgspec


class Request(msgspec.Struct, array_like=True):
    """One submission with the rows of its time, as the recorded facts made them."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    rows: list[tuple[str, str, str, bytes]]
    """Partition key, sort key, class in contracts.rows, and the row in MessagePack."""
    participants_most: int
    verification_message: str


class Answer(msgspec.Struct, array_like=True):
    """The fact as it would be published; or why the code makes none of it."""

    fact: bytes | None
    problem: str = ""


class Judge:
    """`decide` of whatever `services.persistence` is imported here."""

    def __init__(self) -> None:
        from chassis.records import Record
        from contracts import rows
        from contracts.envelope import encode
        from contracts.table import Key
        from services.persistence.case import Rules
        from services.persistence.decide import decide
        from services.persistence.received import receive

        self._record: Any = Record
        self._classes: Any = rows
        self._encode: Any = encode
        self._key: Any = Key
        self._rules: Any = Rules
        self._decide: Any = decide
        self._receive: Any = receive

    def __call__(self, asked: Request) -> Answer:
        """The decision; an error of the code is an answer too."""
        place = (asked.topic, asked.partition, asked.offset, asked.timestamp, asked.key, asked.value)
        try:
            received = self._receive(self._record(*place, tuple(asked.headers)))
            rows = {self._key(pk, sk): self._row(name, value) for pk, sk, name, value in asked.rows}
            rules = self._rules(
                participants_most=asked.participants_most, verification_message=asked.verification_message
            )
            return Answer(self._encode(self._decide(received, rows, rules).fact))
        except Exception as error:  # noqa: BLE001 - whatever the code under judgement does is its answer
            return Answer(None, f"{type(error).__name__}: {error}"[:300])

    def _row(self, name: str, value: bytes) -> Any:
        return msgspec.msgpack.decode(value, type=getattr(self._classes, name))


def require_own_code(tree: Path) -> None:
    """End the process where what is missing in the tree would be taken from another, and judged in its name."""
    for name in ("contracts", "chassis", "services", "services.persistence.decide"):
        found = getattr(importlib.import_module(name), "__file__", None)
        if found is None or not Path(found).resolve().is_relative_to(tree.resolve()):
            sys.exit(f"{tree} does not hold {name}")


def main() -> None:
    """Answer until standard input ends."""
    sys.path.insert(0, sys.argv[1])
    require_own_code(Path(sys.argv[1]))
    judge, decode, encode = Judge(), msgspec.msgpack.Decoder(Request).decode, msgspec.msgpack.Encoder().encode
    read, write = sys.stdin.buffer.read, sys.stdout.buffer
    while head := read(4):
        answer = encode(judge(decode(read(struct.unpack(">I", head)[0]))))
        write.write(struct.pack(">I", len(answer)) + answer)
        write.flush()


if __name__ == "__main__":
    main()
