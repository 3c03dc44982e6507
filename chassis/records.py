"""A record as it is read, and as it is to be written."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from contracts.envelope import Event, encode
from contracts.topics import Topic

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """The broker's append time, epoch ms."""
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def size(self) -> int:
        """Bytes that it holds in memory, about."""
        return len(self.value or b"") + len(self.key or b"") + 200

    def header(self, name: str) -> bytes | None:
        """The last header of that name."""
        return next((value for key, value in reversed(self.headers) if key == name), None)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish."""

    topic: str
    key: str | bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None
    """Where it goes; None: where its key belongs."""

    @property
    def size(self) -> int:
        """Bytes that it holds in memory, about."""
        return len(self.value or b"") + len(self.key or b"") + 200


def outgoing(topic: Topic, key: str | bytes, event: Event, headers: Headers = ()) -> Outgoing:
    """`event` as a record of `topic`."""
    return Outgoing(topic.name, key, encode(event), headers)


def from_aiokafka(message: "ConsumerRecord[bytes, bytes]") -> Record:
    """A record of aiokafka as ours."""
    return Record(
        message.topic,
        message.partition,
        message.offset,
        message.timestamp,
        message.key,
        message.value,
        tuple(message.headers),
    )
