"""Settings of the process `api`."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from chassis.setting_types import HttpAddress, Origins, WebSocketAddress
from chassis.settings import IssuerSettings, KafkaSettings, ObservabilitySettings, TableSettings, TracesSettings
from contracts import limits
from contracts.users import VerificationStatus


class ApiSettings(KafkaSettings, TableSettings, IssuerSettings, TracesSettings, ObservabilitySettings):
    """What the HTTP API needs to know."""

    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=0, le=65535, description="port of the HTTP API and the web page; 0: any free one")
    websocket_url: WebSocketAddress = Field(
        description="where browsers find the gateway, with the stage: ws://HOST:PORT/prod"
    )
    allowed_origins: Origins = Field(
        (), description="origins of pages that may call, comma-separated; the own address under localhost if absent"
    )
    admin_group: str = Field("admin", min_length=1, description="the group (KAIWA_GROUPS_CLAIM) that makes an admin")
    default_verification: VerificationStatus = "pending"
    user_search: Literal["on", "off"] = "on"
    participants_most: int = Field(limits.PARTICIPANTS, ge=1, le=limits.PARTICIPANTS_HIGHEST)
    http_rate: float = Field(50.0, gt=0, description="requests a second of one user")
    http_burst: int = Field(100, ge=1, description="requests of one user at once")
    http_head_bytes: int = Field(limits.HEAD_BYTES, ge=1024, description="address and headers of a request")
    http_head_s: float = Field(limits.HEAD_S, gt=0, description="how long a client may take to send them")
    http_body_bytes: int = Field(512 * 1024, ge=1024, description="the longest request body")
    http_body_limit_s: float = Field(3.0, gt=0, description="how long a request's body may take to arrive")
    http_time_limit_s: float = Field(20.0, gt=0, description="the longest that a request may take")
    http_concurrency: int = Field(500, ge=1, description="requests under way at once; above it 503")
    outcome_wait_s: float = Field(limits.OUTCOME_WAIT_S, ge=0, le=10)
    acknowledgement_s: float = Field(limits.ACKNOWLEDGEMENT_S, gt=0, le=10)
    web_dir: Path | None = Field(None, description="folder of the built web page; web/dist if it is there")
    dev_issuer_url: HttpAddress | None = Field(
        None, description="the local issuer, whose sign-in stands under this origin"
    )
    issuer_allow_remote: bool = Field(
        False, description="pass on the sign-in of callers from elsewhere too, as in a container network"
    )

    sign_in_origins: Origins = Field(
        (),
        description="origins besides the issuer's that signing in needs, comma-separated: Cognito's Hosted UI domain",
    )

    @property
    def origins(self) -> tuple[str, ...]:
        """Pages that may call, exactly."""
        return self.allowed_origins or tuple(f"http://{name}:{self.http_port}" for name in ("localhost", "127.0.0.1"))

    @property
    def sign_in_url(self) -> str | None:
        """The local issuer, unless this is production."""
        return None if self.is_production else self.dev_issuer_url
