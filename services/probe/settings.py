"""Settings of the process `probe`."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from chassis.setting_types import CommaSeparated, HttpAddress, WebSocketAddress
from chassis.settings import ObservabilitySettings
from contracts.ids import Id, is_id


def _two(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != 2:
        raise ValueError("it should be two different ones, comma-separated")
    return names


def _ids(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(is_id(name) for name in names):
        raise ValueError("a user's id has 1 to 64 of the characters A-Z a-z 0-9 _ . @ : -")
    return names


def _an_id(name: str) -> str:
    return _ids((name,))[0]


class ProbeSettings(ObservabilitySettings):
    """What the probe needs to know: the two public doors, and how it comes by the tokens of two users."""

    websocket_url: WebSocketAddress = Field(description="the public WebSocket address with the stage: wss://HOST/prod")
    http_api_url: HttpAddress = Field(description="the public address of the HTTP API, without /api: https://HOST")
    probe_token_files: Annotated[CommaSeparated, AfterValidator(_two)] | None = Field(
        None, description="two files, comma-separated, each with a user's token; read again for every connection"
    )
    dev_issuer_url: HttpAddress | None = Field(
        None, description="the local issuer, in place of KAIWA_PROBE_TOKEN_FILES; never in production"
    )
    probe_users: Annotated[CommaSeparated, AfterValidator(_two), AfterValidator(_ids)] = Field(
        ("probe-1", "probe-2"), description="whose tokens to ask the local issuer for; approved by the probe itself"
    )
    probe_room: Annotated[Id, AfterValidator(_an_id)] = Field("kaiwa-probe", description="the room, made if absent")
    probe_interval_s: float = Field(10.0, ge=0.1, le=3600, description="from one message to the next")
    probe_timeout_s: float = Field(10.0, gt=0, le=60, description="a message that takes longer has failed")

    @model_validator(mode="after")
    def _tokens_have_one_source(self) -> "ProbeSettings":
        if self.is_production and self.dev_issuer_url is not None:
            raise ValueError("KAIWA_DEV_ISSUER_URL is not for production: set KAIWA_PROBE_TOKEN_FILES")
        if (self.probe_token_files is None) == (self.dev_issuer_url is None):
            raise ValueError("set one of KAIWA_PROBE_TOKEN_FILES and KAIWA_DEV_ISSUER_URL, for the tokens of two users")
        return self
