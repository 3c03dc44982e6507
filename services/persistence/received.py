"""A submission and its place in the log. Pure."""

from dataclasses import dataclass

from msgspec import UNSET

from chassis.records import Headers, Record
from contracts.facts import SubmissionRef
from contracts.headers import REDRIVEN, TRACEPARENT
from contracts.ids import derived_event_id
from contracts.submissions import CreateRoom, Submission
from contracts.topics import SUBMISSIONS


class WrongKey(Exception):
    """The record's key is not its room: another partition's worker may own that room, so nothing of it is touched."""

    code = "WRONG_KEY"
    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What somebody asked for, and where and when it entered the log."""

    submission: Submission
    partition: int
    offset: int
    arrived_ms: int
    """The broker's append time."""
    redriven: bool = False
    """It was put back from chat.dead-letters."""

    @property
    def reference(self) -> SubmissionRef:
        """How the fact that answers it names it."""
        redriven = True if self.redriven else UNSET
        return SubmissionRef(
            partition=self.partition, offset=self.offset, event_id=self.submission.event_id, redriven=redriven
        )

    @property
    def fact_id(self) -> str:
        """The eventId of the fact that answers it: the same at every redelivery.

        A redriven record was answered once already, with a refusal when it was put aside; its second answer is another
        fact, so its own offset takes the place of the index 0.
        """
        return derived_event_id(self.submission.event_id, self.offset if self.redriven else 0)

    @property
    def wants_outcome(self) -> bool:
        """Whether an OUTCOME row tells its verdict: those of the HTTP API (spec 8).

        Creations always, wherever they came from: the row is what keeps a refused one refused (see transaction.py).
        """
        return self.submission.connection is UNSET or isinstance(self.submission, CreateRoom)


def receive(record: Record) -> Received:
    """The submission in `record`; raises contracts.envelope.ContractError, or WrongKey."""
    submission = SUBMISSIONS.decode(record.value)
    if not isinstance(submission, Submission):
        raise TypeError(f"{SUBMISSIONS.name} carries a {type(submission).__name__}")
    if record.key != submission.chat_room_id.encode():
        raise WrongKey("the record's key is not its chatRoomId")
    return received_of(submission, record)


def received_of(submission: Submission, record: Record) -> Received:
    """`submission` at the place of `record`."""
    return Received(
        submission=submission,
        partition=record.partition,
        offset=record.offset,
        arrived_ms=record.timestamp,
        redriven=record.header(REDRIVEN) is not None,
    )


def trace_of(record: Record) -> Headers:
    """The headers that go on from a submission to its fact."""
    value = record.header(TRACEPARENT)
    return () if value is None else ((TRACEPARENT, value),)
