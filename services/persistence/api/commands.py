"""Publishes what is asked for and waits for what persistence decides (spec 8).

If the process dies after publishing, the command is decided all the same; its outcome stands under its eventId for
24 h.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, get_args

from msgspec import UNSET

from chassis.publisher import Position
from chassis.records import Outgoing, outgoing
from chassis.table_errors import TableError
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


Read = TypeVar("Read")


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
    """In the log, and what came of it cannot be told while the request waits; `event_id` tells it later."""

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
        outcome = await self._decided([update.event_id for update in updates])
        profile = await self.read_after(outcome, self._records.profile(updates[-1].user_id))
        if profile is None:
            raise unavailable("The profile was decided and is not in the table.")
        return profile

    async def read_after(self, outcome: Outcome, reading: Awaitable[Read]) -> Read:
        """What `reading` gives, for the answer to something that is done.

        Raises Late where the table is away: 503 would have it done twice.
        """
        try:
            async with asyncio.timeout(self._outcome_wait_s):
                return await reading
        except (TimeoutError, TableError) as error:
            if isinstance(error, TableError) and not error.retryable:
                raise
            raise Late(outcome.event_id) from None

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
        try:
            async with asyncio.timeout(self._outcome_wait_s):
                found = await self._all_of(event_ids)
        except TimeoutError:
            metrics.OUTCOMES_LATE.inc()
            raise Late(event_ids[0]) from None
        metrics.OUTCOME_SECONDS.observe(time.monotonic() - began)
        return [_outcome(event_id, found[event_id]) for event_id in event_ids]

    async def _all_of(self, event_ids: Sequence[str]) -> dict[str, OutcomeRow]:
        pause_s = FIRST_PAUSE_S
        while True:
            found = await self._outcomes_if_there(event_ids)
            if len(found) == len(event_ids):
                return found
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * PAUSE_FACTOR, LONGEST_PAUSE_S)

    async def _outcomes_if_there(self, event_ids: Sequence[str]) -> dict[str, OutcomeRow]:
        try:
            return await self._records.outcomes(event_ids)
        except TableError as error:
            # What is in the log will be decided; 503 would have it done twice.
            if not error.retryable:
                raise
            return {}


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
