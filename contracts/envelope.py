"""What every event carries, and how bytes become events (spec 11).

Events are closed when written (an unknown field is a TypeError at construction) and open when read (an unknown field is
ignored), so that a newer writer of the same version never stops an older reader.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import msgspec


def _camel_tag(class_name: str) -> str:
    return class_name[0].lower() + class_name[1:]


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag=_camel_tag):
    """The envelope. `type` is the class's name in lower camel case."""

    version: int = 1
    """The frozen schema that the event follows; a change of meaning is a new version, never an edit."""
    event_id: str
    occurred_at: str
    """ISO 8601 with ms and `Z`."""


class ContractError(Exception):
    """Bytes on a topic that are not an event of its contract."""

    code: ClassVar[str]
    retryable: ClassVar[bool] = False
    of_one_record: ClassVar[bool] = True
    """Other records may go on meanwhile: nothing that they need is away."""


class Undecodable(ContractError):
    """Not JSON, null, or not of the declared shape: bad in itself."""

    code = "UNDECODABLE"


class UnknownType(ContractError):
    """A type that this topic does not carry: bad in itself."""

    code = "UNKNOWN_TYPE"


class UnknownVersion(ContractError):
    """A known type in a version that this code does not know: during an upgrade, so it waits for newer code."""

    code = "UNKNOWN_VERSION"
    retryable = True


class _Header(msgspec.Struct):
    type: str
    version: int


_decode_header = msgspec.json.Decoder(_Header).decode
_encode = msgspec.json.Encoder().encode


def encode(event: Event) -> bytes:
    """The JSON bytes of `event`, `type` first."""
    return _encode(event)


class EventDecoder:
    """Decodes the events of one topic."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self._decoders: dict[tuple[str, int], Callable[[bytes], Any]] = {}
        self._types: set[str] = set()
        for event in events:
            name, version = type_of(event), version_of(event)
            self._types.add(name)
            self._decoders[name, version] = msgspec.json.Decoder(event).decode

    def __call__(self, value: bytes | None) -> Event:
        """The event in `value`; raises Undecodable, UnknownType or UnknownVersion."""
        if value is None:
            raise Undecodable("the record has no value")
        try:
            header = _decode_header(value)
            decode = self._decoders.get((header.type, header.version))
            if decode is not None:
                event: Event = decode(value)
                return event
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Undecodable(_without_content(error)) from None
        if header.type not in self._types:
            raise UnknownType(f"no event of this topic has the type {header.type[:64]!r}")
        raise UnknownVersion(f"{header.type} has no version {header.version} here; newer code wrote it")


def type_of(event: type[Event]) -> str:
    """The event's name on the wire."""
    return str(event.__struct_config__.tag)


def version_of(event: type[Event]) -> int:
    """The version that the class stands for."""
    defaults = dict(zip(reversed(event.__struct_fields__), reversed(event.__struct_defaults__), strict=False))
    return int(defaults["version"])


def _without_content(error: Exception) -> str:
    """The decoder's own words name the place, never the value; JSON errors of other kinds are cut to their class."""
    return str(error) if isinstance(error, msgspec.ValidationError | msgspec.DecodeError) else type(error).__name__
