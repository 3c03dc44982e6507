"""Publishes what is asked for and waits for what persistence decides (spec 8).

If the process dies after publishing, the command is decided all the same; its outcome stands under its eventId for
24 h.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, get_args

from msgspec import UNSET

from chassis.publisher import Position
from chassis.records import Outgoing, outgoing
from contracts.controls import SessionsRevoked
from contracts.headers import TRACEPARENT
from contracts.ids import new_event_id
from contracts.problems import OutcomeCode, ProblemCode
from contracts.rows import OutcomeRow, ProfileRow
from contracts.submissions import Submission
from contracts.timestamps import iso
from contracts.topics import CONTROLS, SUBMISSIONS, USERS
from contracts.users import ProfileUpdated
from services.persistence.api import metrics, trace
from services.persistence.api.problems import NO_SUCH_ROOM, Problem, unavailable
from services.persistence.api.records import Records

FIRST_PAUSE_S = 0.005
LONGEST_PAUSE_S = 0.2
PAUSE_FACTOR = 1.6

# A room one is not in looks like one that is not there, by its code too.
_REFUSALS: dict[OutcomeCode, tuple[ProblemCode, str]] = {
    "VERIFICATION_REQUIRED": ("VERIFICATION_REQUIRED", "Your profile is not approved yet."),
    "FORBIDDEN": ("FORBIDDEN", "You may not do this."),
    "NOT_A_PARTICIPANT": ("NOT_FOUND", NO_SUCH_ROOM),
    "NOT_FOUND": ("NOT_FOUND", NO_SUCH_ROOM),
    "ROOM_EXISTS": ("ROOM_EXISTS", "A room with this id exists, with another creator, name or participants."),
    "TOO_MANY_PARTICIPANTS": ("TOO_MANY_PARTICIPANTS", "The room would have too many participants."),
    "INTERNAL": ("INTERNAL", "The command could not be processed."),
}


class Publishes(Protocol):
    """The half of chassis.publisher.Publisher that is used here."""

    async def publish(self, messages: Sequence[Outgoing]) -> list[Position]:
        """Publish all, in order; returns when each is acknowledged."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided about a command."""

    event_id: str
    code: OutcomeCode
    chat_room_id: str | None

    @property
    def refusal(self) -> Problem | None:
        """The problem to answer with, or None where it was done."""
        refused = _REFUSALS.get(self.code)
        return Problem(*refused) if refused else None


class Late(Exception):
    """Not decided within the time that a request waits; `event_id` tells it later."""

    def __init__(self, event_id: str) -> None:
        super().__init__(event_id)
        self.event_id = event_id


class Commands:
    """The way from a request into the topics."""

    def __init__(
        self, publisher: Publishes, records: Records, *, acknowledgement_s: float, outcome_wait_s: float
    ) -> None:
        self._publisher = publisher
        self._records = records
        self._acknowledgement_s = acknowledgement_s
        self._outcome_wait_s = outcome_wait_s

    async def submit(self, *submissions: Submission) -> Outcome:
        """Publish submissions of one room, in order; returns the first one's outcome when all are decided.

        Raises the refusal of the first that was refused; Late; UNAVAILABLE where Kafka does not acknowledge.
        """
        await self._acknowledged([outgoing(SUBMISSIONS, s.chat_room_id, s, _headers()) for s in submissions])
        return await self._decided([submission.event_id for submission in submissions])

    async def update_profile(self, *updates: ProfileUpdated) -> ProfileRow:
        """Publish updates of one profile, in order; returns the profile with all of them.

        Raises as `submit` does.
        """
        await self._acknowledged([outgoing(USERS, update.user_id, update, _headers()) for update in updates])
        await self._decided([update.event_id for update in updates])
        profile = await self._records.profile(updates[-1].user_id)
        if profile is None:
            raise unavailable("The profile was decided and is not in the table.")
        return profile

    async def revoke_sessions(self, event: SessionsRevoked) -> None:
        """Publish the order to every gateway; returns when it is in the log."""
        await self._acknowledged([outgoing(CONTROLS, event.user_id, event, _headers())])

    async def outcome(self, event_id: str) -> Outcome | None:
        """What was decided, or None where nothing is known yet."""
        found = await self._records.outcomes([event_id])
        return _outcome(event_id, found[event_id]) if found else None

    async def _acknowledged(self, messages: Sequence[Outgoing]) -> list[Position]:
        try:
            async with asyncio.timeout(self._acknowledgement_s):
                return await self._publisher.publish(messages)
        except TimeoutError:
            raise unavailable("The log does not answer: it is not known whether this will be done.") from None

    async def _decided(self, event_ids: Sequence[str]) -> Outcome:
        outcomes = await self._waited_for(event_ids)
        for outcome in outcomes:
            if outcome.refusal is not None:
                raise outcome.refusal
        return outcomes[0]

    async def _waited_for(self, event_ids: Sequence[str]) -> list[Outcome]:
        began = time.monotonic()
        pause_s = FIRST_PAUSE_S
        while True:
            found = await self._records.outcomes(event_ids)
            waited_s = time.monotonic() - began
            if len(found) == len(event_ids):
                metrics.OUTCOME_SECONDS.observe(waited_s)
                return [_outcome(event_id, found[event_id]) for event_id in event_ids]
            if waited_s >= self._outcome_wait_s:
                metrics.OUTCOMES_LATE.inc()
                raise Late(event_ids[0])
            await asyncio.sleep(min(pause_s, self._outcome_wait_s - waited_s))
            pause_s = min(pause_s * PAUSE_FACTOR, LONGEST_PAUSE_S)


def happening_now() -> dict[str, Any]:
    """The envelope of an event that answers no other."""
    return {"event_id": new_event_id(), "occurred_at": iso(time.time_ns() // 1_000_000)}


def _headers() -> tuple[tuple[str, bytes], ...]:
    current = trace.current.get()
    return ((TRACEPARENT, current.encode()),) if current else ()


def _outcome(event_id: str, stored: OutcomeRow) -> Outcome:
    code = stored.code if stored.code in get_args(OutcomeCode) else "INTERNAL"
    room = None if stored.chat_room_id is UNSET else str(stored.chat_room_id)
    return Outcome(event_id, code, room)  # type: ignore[arg-type]  # checked in the line above
