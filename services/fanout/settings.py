"""Settings of the process `fanout`."""

from pydantic import Field, SecretStr, model_validator

from chassis.settings import KafkaSettings, ObservabilitySettings, TableSettings, TracesSettings
from contracts import limits
from services.fanout.gateway_queue import QueueLimits


class FanoutSettings(KafkaSettings, TableSettings, TracesSettings, ObservabilitySettings):
    """What fan-out needs to know."""

    fanout_group: str = Field("fanout", min_length=1, description="its consumer group")
    push_access_key_id: str | None = Field(
        None, description="access key of the gateways' connection API; KAIWA_ACCESS_KEY_ID if absent"
    )
    push_secret_access_key: SecretStr | None = None
    push_timeout_s: float = Field(5.0, gt=0, le=60, description="how long one bulk request may take")
    gateway_away_s: float = Field(
        limits.GATEWAY_AWAY_S, gt=0, le=600, description="after so long without an answer pushes are dropped"
    )
    queue_pushes: int = Field(20_000, ge=1, description="pushes that may wait for one gateway")
    queue_bytes: int = Field(32 * 1024 * 1024, ge=1024 * 1024, description="bytes that may wait for one gateway")
    catch_up_window_s: float = Field(limits.CATCH_UP_WINDOW_S, ge=limits.CATCH_UP_OVERLAP_S, le=3600)
    window_frames: int = Field(10_000, ge=1, description="frames of one partition that are kept for new connections")
    window_bytes: int = Field(16 * 1024 * 1024, ge=1024, description="bytes of them")
    rooms_held: int = Field(50_000, ge=1, description="rooms whose people are held in memory")
    participants_held: int = Field(2_000_000, ge=1, description="people in all of them together")
    rooms_in_flight: int = Field(64, ge=1, le=1000, description="rooms that are worked on at once")
    release_s: float = Field(3.0, ge=0, le=20, description="how long a partition that goes waits for its pushes")

    @model_validator(mode="after")
    def _can_sign(self) -> "FanoutSettings":
        if not self.signing_key[0] or not self.signing_key[1]:
            raise ValueError(
                "pushes must be signed: set KAIWA_PUSH_ACCESS_KEY_ID and KAIWA_PUSH_SECRET_ACCESS_KEY,"
                " or KAIWA_ACCESS_KEY_ID and KAIWA_SECRET_ACCESS_KEY"
            )
        return self

    @property
    def signing_key(self) -> tuple[str, str]:
        """Key id and secret of the connection API."""
        if self.push_access_key_id is not None or self.push_secret_access_key is not None:
            return self.push_access_key_id or "", _plain(self.push_secret_access_key)
        return self.access_key_id or "", _plain(self.secret_access_key)

    @property
    def queue_limits(self) -> QueueLimits:
        """How much may wait for one gateway."""
        return QueueLimits(pushes=self.queue_pushes, bytes=self.queue_bytes)


def _plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()
