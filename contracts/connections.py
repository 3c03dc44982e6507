"""chat.connections (key: userId): the life of each socket, from gateway, presence and fan-out (spec 4 and 11)."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from contracts.envelope import Event
from contracts.ids import ConnectionId, Epoch, Id

Feature = Literal["presence", "read", "typing", "rooms"]
FEATURES: tuple[Feature, ...] = ("presence", "read", "typing", "rooms")
"""Frames that a client may ask for beyond the source design's (spec 2)."""

RetireCause = Literal["gone", "lapsed", "superseded", "stopped"]


class ConnectionRef(Struct, frozen=True, kw_only=True, rename="camel"):
    """A socket, as a submission or a refusal names it (spec 11)."""

    connection_id: ConnectionId
    gateway_id: Id
    epoch: Epoch
    features: tuple[str, ...] = ()


class Connected(Event, frozen=True, kw_only=True):
    """A handshake was accepted; acknowledged by Kafka before the 101."""

    connection_id: ConnectionId
    user_id: Id
    gateway_id: Id
    epoch: Epoch
    connected_at: str
    features: tuple[str, ...] = ()
    source_ip: str
    user_agent: str | UnsetType = UNSET


class Disconnected(Event, frozen=True, kw_only=True):
    """A socket is closed; `code` and `reason` as in spec 4 and 7."""

    connection_id: ConnectionId
    user_id: Id
    gateway_id: Id
    epoch: Epoch
    code: int
    reason: str


class Retired(Event, frozen=True, kw_only=True):
    """What `disconnected` missed: the connection is known to be gone."""

    connection_id: ConnectionId
    user_id: Id
    gateway_id: Id
    epoch: Epoch
    cause: RetireCause
