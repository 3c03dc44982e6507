"""Settings of the process `persistence`."""

from pydantic import Field

from chassis.settings import ObservabilitySettings, TracesSettings
from contracts import limits
from services.persistence.case import Rules
from services.persistence.log_identity import IdentitySettings
from services.persistence.refusals import VERIFICATION_MESSAGE


class PersistenceSettings(IdentitySettings, TracesSettings, ObservabilitySettings):
    """What persistence needs to know."""

    persistence_group: str = Field("persistence", min_length=1, description="its consumer group")
    participants_most: int = Field(
        limits.PARTICIPANTS, ge=1, le=limits.PARTICIPANTS_HIGHEST, description="people in one room"
    )
    verification_message: str = Field(
        VERIFICATION_MESSAGE, min_length=1, max_length=500, description="what a sender who is not approved is told"
    )
    rooms_in_flight: int = Field(32, ge=1, le=500, description="rooms and users that are worked on at once")
    cached_participants: int = Field(
        500_000, ge=0, description="rooms are held in memory up to so many people in all of them together"
    )
    checkpoint_interval_s: float = Field(10.0, gt=0, le=600)

    @property
    def rules(self) -> Rules:
        """What a site may set of the decisions."""
        return Rules(participants_most=self.participants_most, verification_message=self.verification_message)
