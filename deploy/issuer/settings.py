"""Settings of the development issuer."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from chassis.setting_types import ClientIds, HttpAddress
from chassis.settings import ObservabilitySettings


class DevIssuerSettings(ObservabilitySettings):
    """Where it listens, what it calls itself, and where its key is."""

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535, description="port for keys and tokens, e.g. 9000")
    issuer: HttpAddress = Field(description="`iss` of the tokens and address of the keys, e.g. http://127.0.0.1:9000")
    client_id: ClientIds = Field(description="`aud` of the tokens; of several, comma-separated, the first")
    issuer_key_file: Path = Field(description="PEM file of the private key; made if it is not there")
    issuer_allow_remote: bool = Field(
        False, description="give tokens to callers from elsewhere too, as in a container network"
    )
    token_lifetime_s: int = Field(3600, ge=1, le=86_400)
    admin_group: str = "admin"

    @model_validator(mode="after")
    def _never_in_production(self) -> "DevIssuerSettings":
        if self.is_production:
            raise ValueError(
                "KAIWA_ENVIRONMENT is production: the development issuer gives everybody anybody's token. "
                "Set KAIWA_ISSUER of the other processes to Cognito, or to another OpenID Connect issuer."
            )
        return self

    @property
    def audience(self) -> str:
        """`aud` of the tokens."""
        return self.client_id.split(",")[0].strip()

    @property
    def path(self) -> str:
        """The path under which everything stands: that of the issuer."""
        return urlsplit(self.issuer).path.rstrip("/")
