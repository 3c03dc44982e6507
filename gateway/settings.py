"""Settings of the process `gateway`."""

import ipaddress
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic.alias_generators import to_camel
from pydantic_settings import NoDecode

from chassis.setting_types import CommaSeparated, FromJson, HttpAddress, Origins
from chassis.settings import IssuerSettings, KafkaSettings, ObservabilitySettings, TracesSettings
from contracts import limits
from contracts.ids import ID_PATTERN

_ID = ID_PATTERN.removesuffix(r"(?!\n)")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ExtraKey(BaseModel):
    """One more access key of the connection API: the other one during a rotation, or one that may do less."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    access_key_id: str = Field(min_length=1)
    secret_access_key: SecretStr
    actions: tuple[Literal["post", "get", "delete", "bulk"], ...] = ("post", "get", "delete", "bulk")


class ListenSettings(KafkaSettings, IssuerSettings, TracesSettings, ObservabilitySettings):
    """Where the gateway listens, and who may speak to it."""

    stage: str = Field("prod", pattern=r"^[A-Za-z0-9_$-]{1,128}$", description="the path of the WebSocket address")
    gateway_id: str = Field("gateway-1", pattern=_ID, description="a name that no other running gateway has")
    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(8081, ge=0, le=65535, description="port of the WebSocket; 0: any free one")
    allowed_origins: Origins = Field(
        (), description="origins of pages that may connect, comma-separated; the own address under localhost if absent"
    )
    http_port: int = Field(8080, ge=0, le=65535, description="where the web page is, for the default origins")
    subprotocols: CommaSeparated = Field((), description="subprotocols that are echoed when a client offers them")
    trusted_proxies: CommaSeparated = Field((), description="addresses whose X-Forwarded-For is believed, as CIDR")

    connection_api_host: str = "127.0.0.1"
    connection_api_port: int = Field(8082, ge=0, le=65535, description="port of the connection API; 0: any free one")
    connection_api_address: HttpAddress | None = Field(
        None,
        pattern=r"^https?://[^\s/]+/[^\s/]+$",
        description="where others reach the connection API, with the stage; http://HOST:PORT/STAGE if absent",
    )
    region: str = Field("us-east-1", description="the region in the scope of signatures")
    access_key_id: str = Field(description="the access key of the connection API")
    secret_access_key: SecretStr = Field(description="its secret")
    extra_keys: Annotated[tuple[ExtraKey, ...], NoDecode, FromJson] = Field(
        (), description="JSON: more keys of the connection API"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ipaddress.ip_network(text, strict=False)
        return value

    @property
    def origins(self) -> frozenset[str]:
        """Pages that may connect, exactly."""
        own = (f"http://{name}:{self.http_port}" for name in ("localhost", "127.0.0.1"))
        return frozenset(self.allowed_origins or own)

    @property
    def proxies(self) -> tuple[Network, ...]:
        """Whose X-Forwarded-For is believed."""
        return tuple(ipaddress.ip_network(text, strict=False) for text in self.trusted_proxies)


class GatewaySettings(ListenSettings):
    """All of it; the limits are those of spec 7."""

    address_bytes: int = Field(limits.ADDRESS_BYTES, ge=256, description="the longest address of a handshake")
    head_bytes: int = Field(limits.HEAD_BYTES, ge=1024, description="address and headers of a handshake")
    handshake_s: float = Field(limits.HEAD_S, gt=0, description="how long a client may take to send its handshake")
    message_bytes: int = Field(limits.MESSAGE_BYTES, ge=1024)
    frame_bytes: int = Field(limits.FRAME_BYTES, ge=1024)
    content_characters: int = Field(limits.CONTENT_CHARACTERS, ge=1, le=limits.CONTENT_CHARACTERS)
    idle_s: float = Field(limits.IDLE_S, gt=0)
    duration_s: float = Field(limits.DURATION_S, gt=0)
    expiry_grace_s: float = Field(limits.EXPIRY_GRACE_S, ge=0)
    enforce_expiry: Literal["features", "always"] = "features"
    ping_interval_s: float = Field(limits.PING_INTERVAL_S, gt=0)
    pong_timeout_s: float = Field(limits.PONG_TIMEOUT_S, gt=0)
    connections: int = Field(limits.CONNECTIONS, ge=1)
    connection_rate: float = Field(limits.CONNECTION_RATE, gt=0)
    connection_burst: int = Field(limits.CONNECTION_BURST, ge=1)
    frame_rate: float = Field(200.0, gt=0, description="frames a second of one connection")
    frame_burst: int = Field(500, ge=1, description="frames of one connection at once")
    user_frame_rate: float = Field(400.0, gt=0, description="frames a second of one user here")
    user_frame_burst: int = Field(1_000, ge=1, description="frames of one user at once here")
    outbox_bytes: int = Field(limits.OUTBOX_BYTES, ge=1024)
    outbox_s: float = Field(limits.OUTBOX_S, gt=0)
    close_timeout_s: float = Field(5.0, gt=0, description="how long a client may take to answer a close frame")
    drain_s: float = Field(limits.DRAIN_S, ge=0, le=600)

    acknowledgement_s: float = Field(limits.ACKNOWLEDGEMENT_S, gt=0, le=60)
    in_flight: int = Field(1_000, ge=1, description="frames of one connection that wait for Kafka")
    in_flight_bytes: int = Field(2 * 1024 * 1024, ge=1024)
    in_flight_total: int = Field(16_000, ge=1, description="frames of all connections that wait for Kafka")
    in_flight_bytes_total: int = Field(48 * 1024 * 1024, ge=1024)

    connection_api_rate: float = Field(2_000.0, gt=0, description="calls a second for one connection each")
    connection_api_burst: int = Field(4_000, ge=1)
    bulk_bytes: int = Field(8 * 1024 * 1024, ge=64 * 1024, description="the largest bulk push")
    forward_timeout_s: float = Field(3.0, gt=0, description="how long another gateway may take to answer")
    lease_interval_s: float = Field(limits.LEASE_INTERVAL_S, gt=0, le=limits.LEASE_INTERVAL_S)
