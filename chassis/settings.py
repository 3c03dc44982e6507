"""Settings of a process: one frozen object from the environment (`KAIWA_…`), all errors at once, secrets masked.

Each process has a class of its own, built from the groups below. What is not in the environment may stand in a file of
the setting's name in lower case, as container engines mount secrets: `/run/secrets/kaiwa_secret_access_key`.
"""

import os
import ssl
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.setting_types import AuthoritiesFile, Brokers, ClientIds, HttpAddress, HttpAddressWithQuery, parts_of

PREFIX = "KAIWA_"
SECRETS_FOLDER = "KAIWA_SECRETS_DIR"
_SECRETS_MOUNTED = "/run/secrets"


class SettingsError(Exception):
    """What is wrong with the environment, a line for each setting; the process exits 2 before anything starts."""

    code = "SETTINGS"
    retryable = False


class Settings(BaseSettings):
    """What all groups have in common."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)


class ObservabilitySettings(Settings):
    """Logs, health and metrics."""

    environment: str = Field("development", description="`production` switches the development doors off")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "text"] = "json"
    health_host: str = "127.0.0.1"
    health_port: int = Field(0, ge=0, le=65535, description="port of /healthz, /readyz and /metrics; 0: any free one")
    instance_id: str | None = Field(
        None, description="a stable name of this replica, for a quick return to its partitions"
    )

    @property
    def is_production(self) -> bool:
        """Whether development doors must stay shut."""
        return self.environment == "production"


class TracesSettings(Settings):
    """Whether and where traces go (chassis/traces)."""

    traces_endpoint: HttpAddress | None = Field(
        None, description="an OpenTelemetry collector's OTLP over HTTP, e.g. http://collector:4318; absent: no traces"
    )
    traces_ratio: float = Field(0.01, ge=0, le=1, description="the share of the traces that begin here to record")
    traces_queue: int = Field(
        2048, ge=1, le=100_000, description="spans that may wait for the collector; what is more is dropped"
    )


class KafkaSettings(Settings):
    """How to reach Kafka; TLS and SASL alike for aiokafka and Faust."""

    kafka_bootstrap: Brokers = Field(description="host:port of one or more brokers, comma-separated")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_ca_file: AuthoritiesFile | None = Field(
        None, description="PEM file of the authorities to trust; the system's if absent"
    )
    partitions: int = Field(
        12, ge=1, le=1000, description="partitions of each topic but the single ones; fixed for life"
    )
    replication: int = Field(1, ge=1, le=9, description="replicas of each partition; 3 in production")
    min_insync_replicas: int = Field(1, ge=1, le=9, description="replicas that acknowledge; 2 in production")

    @model_validator(mode="after")
    def _sasl_is_whole(self) -> "KafkaSettings":
        if self.uses_sasl and not (self.kafka_sasl_username and self.kafka_sasl_password):
            raise ValueError("SASL needs KAIWA_KAFKA_SASL_USERNAME and KAIWA_KAFKA_SASL_PASSWORD")
        return self

    @property
    def uses_sasl(self) -> bool:
        """Whether the broker asks who we are."""
        return self.kafka_security_protocol.startswith("SASL")

    @property
    def bootstrap_servers(self) -> list[str]:
        """The brokers, one by one."""
        return list(parts_of(self.kafka_bootstrap))

    def tls(self) -> ssl.SSLContext | None:
        """The TLS context, or None where the protocol has none."""
        if "SSL" not in self.kafka_security_protocol:
            return None
        return ssl.create_default_context(cafile=self.kafka_ca_file)

    def aiokafka(self) -> dict[str, Any]:
        """Connection arguments of every aiokafka client."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.kafka_security_protocol,
            "ssl_context": self.tls(),
        }
        if self.uses_sasl and self.kafka_sasl_password:
            arguments["sasl_mechanism"] = self.kafka_sasl_mechanism
            arguments["sasl_plain_username"] = self.kafka_sasl_username
            arguments["sasl_plain_password"] = self.kafka_sasl_password.get_secret_value()
        return arguments


class TableSettings(Settings):
    """How to reach the table."""

    table: str = "kaiwa"
    dynamodb_endpoint: HttpAddress | None = Field(
        None, description="URL of DynamoDB Local; AWS's own endpoint if absent"
    )
    region: str = Field("us-east-1", pattern=r"^[A-Za-z0-9-]{1,63}$")
    access_key_id: str | None = Field(None, description="absent: the ordinary AWS credential chain")
    secret_access_key: SecretStr | None = None
    table_threads: int = Field(6, ge=1, le=32)
    table_connect_timeout_s: float = Field(2.0, gt=0)
    table_read_timeout_s: float = Field(5.0, gt=0)
    table_answers_early: bool = Field(
        False,
        description="the table answers before it has committed, as DynamoDB Local on a file does: what is written is "
        "read back",
    )

    @model_validator(mode="after")
    def _key_is_whole(self) -> "TableSettings":
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("set both of KAIWA_ACCESS_KEY_ID and KAIWA_SECRET_ACCESS_KEY, or neither")
        return self


class IssuerSettings(Settings):
    """Whose tokens are believed (spec 2)."""

    issuer: HttpAddress = Field(description="`iss` of the tokens, e.g. https://cognito-idp.REGION.amazonaws.com/POOL")
    jwks_url: HttpAddressWithQuery | None = Field(
        None, description="where the keys are; ISSUER/.well-known/jwks.json if absent"
    )
    client_id: ClientIds = Field(description="`aud` of the tokens; several, comma-separated")
    token_leeway_s: float = Field(0.0, ge=0, le=300)
    token_use: Literal["id", "any"] = Field(
        "id", description="`id`: the claim token_use must say so, as Cognito's does; `any`: for an issuer without it"
    )
    groups_claim: str = Field(
        "cognito:groups", min_length=1, description="the claim that lists the groups a user is in, e.g. groups"
    )

    @property
    def client_ids(self) -> tuple[str, ...]:
        """The audiences, one by one."""
        return parts_of(self.client_id)


AnySettings = TypeVar("AnySettings", bound=Settings)


def load(settings_class: type[AnySettings]) -> AnySettings:
    """The settings in the environment, else in files of the folder KAIWA_SECRETS_DIR (`/run/secrets`).

    Raises SettingsError naming every wrong or missing one at once.
    """
    try:
        return settings_class(_secrets_dir=_secrets_folder())
    except ValidationError as error:
        lines = [_line(settings_class, detail) for detail in error.errors()]
        raise SettingsError("\n".join(lines)) from None
    except OSError as error:
        raise SettingsError(f"the secret {error.filename} cannot be read: {error.strerror}") from None


def _secrets_folder() -> Path | None:
    named = os.environ.get(SECRETS_FOLDER)
    folder = Path(named or _SECRETS_MOUNTED)
    if named and not folder.is_dir():
        raise SettingsError(f"{SECRETS_FOLDER} is wrong: {named} is no folder")
    return folder if folder.is_dir() else None


def masked(settings: Settings) -> dict[str, Any]:
    """The settings as they may be printed: secrets are stars."""
    return settings.model_dump(mode="json")


def _line(settings_class: type[Settings], detail: ErrorDetails) -> str:
    problem = str(detail["msg"]).removeprefix("Value error, ")
    if not detail["loc"]:
        return problem
    field = str(detail["loc"][0])
    name = field if field.startswith(PREFIX) else PREFIX + field.upper()
    if detail["type"] == "missing":
        described = settings_class.model_fields[field].description if field in settings_class.model_fields else None
        return f"{name} is missing: {described or 'it has no default'}"
    return f"{name} is wrong: {problem}"
