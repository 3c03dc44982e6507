"""Leaving out what people wrote, in such a way that lengths, shapes and every decision stay as they were. Pure.

Message texts, and any text under a name that no contract knows, become as many dots; addresses and browsers go. Ids,
names of rooms and people, times and numbers stay: without them nothing could be folded.
"""

import json
from typing import Any

import msgspec

from contracts.connections import ConnectionRef
from contracts.deliveries import DeliveredMessage
from contracts.facts import SubmissionRef
from contracts.presence import OpenConnection
from contracts.topics import TOPICS
from replay.words import CONTENT

NO_ADDRESS = "0.0.0.0"
_PARTS: tuple[type[msgspec.Struct], ...] = (ConnectionRef, SubmissionRef, DeliveredMessage, OpenConnection)
_KNOWN = frozenset(
    field.encode_name
    for cls in (*_PARTS, *(event for topic in TOPICS for event in topic.events))
    for field in msgspec.structs.fields(cls)
) | {"type"}


def without_contents(value: bytes | None) -> bytes | None:
    """The value of a record as it goes into a capsule that holds no contents."""
    if value is None:
        return None
    try:
        plain = json.loads(value)
    except (ValueError, RecursionError):
        return b"." * len(value)
    if not isinstance(plain, dict):
        return b"." * len(value)
    return json.dumps(_masked(plain), ensure_ascii=False, separators=(",", ":")).encode()


def _masked(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in plain.items() if name != "userAgent"}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _masked(value)
    if isinstance(value, list):
        return [_value(name, one) for one in value]
    if not isinstance(value, str):
        return value
    if name == "sourceIp":
        return NO_ADDRESS
    return "·" * len(value) if name in CONTENT or name not in _KNOWN else value
