"""What replay needs to know: where Kafka and the table are, and, if a site has them, credentials that can only read."""

from typing import Any

from pydantic import Field, SecretStr

from chassis.settings import KafkaSettings, ObservabilitySettings, TableSettings
from contracts import limits
from services.persistence.case import Rules
from services.persistence.refusals import VERIFICATION_MESSAGE


class ReplaySettings(KafkaSettings, TableSettings, ObservabilitySettings):
    """As the services have it; `replay_…` credentials, where they are set, are used by all that only reads."""

    table_read_timeout_s: float = Field(30.0, gt=0, description="a scan may take longer than what a service asks")
    replay_access_key_id: str | None = Field(None, description="may only read the table")
    replay_secret_access_key: SecretStr | None = None
    replay_kafka_sasl_username: str | None = Field(None, description="may only read topics")
    replay_kafka_sasl_password: SecretStr | None = None
    participants_most: int = Field(limits.PARTICIPANTS, ge=1, le=limits.PARTICIPANTS_HIGHEST)
    verification_message: str = Field(VERIFICATION_MESSAGE, min_length=1, max_length=500)

    @property
    def rules(self) -> Rules:
        """What this site has set of the decisions: persistence reads the same variables."""
        return Rules(participants_most=self.participants_most, verification_message=self.verification_message)

    def read_only(self) -> "ReplaySettings":
        """The same places with the credentials that can only read, where there are such."""
        changed: dict[str, Any] = {}
        if self.replay_access_key_id:
            changed |= {"access_key_id": self.replay_access_key_id}
            changed |= {"secret_access_key": self.replay_secret_access_key}
        if self.replay_kafka_sasl_username:
            changed |= {"kafka_sasl_username": self.replay_kafka_sasl_username}
            changed |= {"kafka_sasl_password": self.replay_kafka_sasl_password}
        return self.model_copy(update=changed)

    def of_table(self, name: str) -> "ReplaySettings":
        """The same, for another table."""
        return self.model_copy(update={"table": name})
