"""Settings of the process `presence`."""

from pydantic import Field

from chassis.settings import KafkaSettings, ObservabilitySettings, TableSettings
from contracts import limits


class PresenceSettings(KafkaSettings, TableSettings, ObservabilitySettings):
    """What presence needs to know."""

    presence_group: str = Field("presence", min_length=1, description="its consumer group")
    connections_per_user: int = Field(limits.CONNECTIONS_PER_USER, ge=1, description="more are closed with 4409")
    offline_grace_s: float = Field(limits.OFFLINE_GRACE_S, ge=0, description="a page reload within it shows nothing")
    tick_interval_s: float = Field(limits.TICK_INTERVAL_S, gt=0, description="how often the log is told the time")
    ticks_to_lapse: int = Field(limits.TICKS_TO_LAPSE, ge=2, description="ticks without a renewal that end an epoch")
    retire_delay_s: float = Field(
        2.0, ge=0, le=10, description="what a gateway said last is awaited before its connections are retired"
    )
    presence_session_timeout_s: float = Field(
        8.0, ge=6, le=30, description="after how long Kafka gives a dead worker's partitions to another"
    )
