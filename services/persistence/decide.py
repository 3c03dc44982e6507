"""What becomes of a submission at its place in the log (spec 3, 5 and 8): exactly one fact, and its rows. Pure.

The same log gives the same facts and rows, whoever decides and however often: the only other input is the sender's
profile, and a fact names the position of the one it stood on. That the sender is the connection's user is the gateway's
to see to, which puts the user it verified into the submission.
"""

from dataclasses import dataclass
from typing import get_args

from chassis.projection.rooms import rows_of
from chassis.projection.view import Rows, Writes, held
from contracts import table
from contracts.facts import CommandRejected, Fact, MessageRejected, RejectionCode
from contracts.limits import OUTCOME_TTL_S
from contracts.problems import OutcomeCode
from contracts.rows import OutcomeRow
from contracts.submissions import AddParticipants, CreateRoom, MarkRead, RemoveParticipant, SendMessage
from contracts.table import Key
from services.persistence import message_rules, room_rules
from services.persistence.case import Case, Rules
from services.persistence.received import Received
from services.persistence.refusals import TEXTS

_REFUSALS: dict[str, RejectionCode] = {code: code for code in TEXTS}


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and what it makes of the table."""

    fact: Fact
    writes: Writes


def reads_of(received: Received) -> tuple[Key, ...]:
    """The rows, besides the room's FENCE and METADATA, that the decision may stand on."""
    asked = received.submission
    match asked:
        case SendMessage():
            key = message_rules.key_of(received, asked)
            return (table.profile(asked.sender_id), *([key] if key else []))
        case MarkRead():
            return (table.membership(asked.user_id, asked.chat_room_id),)
        case CreateRoom() | AddParticipants():
            return (table.profile(asked.requested_by),)
    return ()


def verdict_key(received: Received) -> Key | None:
    """Where a verdict stands that a room's FENCE does not tell: read where the room may not exist."""
    return table.outcome(received.submission.event_id) if received.wants_outcome else None


def decide(received: Received, rows: Rows, rules: Rules) -> Decision:
    """The verdict on a submission that stands above the room's FENCE in `rows`.

    Raises Contradiction where `rows` are not a whole room.
    """
    case = Case(received, rows, rules)
    earlier = _earlier_refusal(case)
    return Decision(earlier, {}) if earlier is not None else _with_rows(case, _verdict(case))


def put_aside(received: Received, rows: Rows, rules: Rules) -> Decision:
    """The refusal of a submission that went to chat.dead-letters, at its place in the room's order (spec 11)."""
    case = Case(received, rows, rules)
    earlier = _earlier_refusal(case)
    return Decision(earlier, {}) if earlier is not None else _with_rows(case, case.refuse("INTERNAL"))


def _with_rows(case: Case, fact: Fact) -> Decision:
    """The fact with its rows, and with the OUTCOME that the HTTP API waits for."""
    writes = rows_of(fact, case.rows)
    if case.received.wants_outcome:
        writes[table.outcome(case.received.submission.event_id)] = outcome_of(case.received, fact)
    return Decision(fact, writes)


def outcome_of(received: Received, fact: Fact) -> OutcomeRow:
    """What the HTTP API answers; a creation that is repeated has the answer it had."""
    return OutcomeRow(
        position=received.offset,
        code=_code_of(received, fact),
        chat_room_id=fact.chat_room_id,
        ttl=received.arrived_ms // 1000 + OUTCOME_TTL_S,
    )


def _code_of(received: Received, fact: Fact) -> str:
    if isinstance(fact, MessageRejected | CommandRejected):
        if fact.code == "NOT_A_PARTICIPANT" and _is_leaving(received):
            # As in a room that exists, which the answer must not tell.
            return "OK"
        return fact.code if fact.code in get_args(OutcomeCode) else "INTERNAL"
    return "CREATED" if isinstance(received.submission, CreateRoom) else "OK"


def _is_leaving(received: Received) -> bool:
    asked = received.submission
    return isinstance(asked, RemoveParticipant) and asked.user_id == asked.requested_by


def _verdict(case: Case) -> Fact:
    asked = case.received.submission
    match asked:
        case SendMessage():
            return message_rules.send(case, asked)
        case MarkRead():
            return message_rules.mark_read(case, asked)
        case CreateRoom():
            return room_rules.create(case, asked)
        case AddParticipants():
            return room_rules.add(case, asked)
        case RemoveParticipant():
            return room_rules.remove(case, asked)
    raise TypeError(f"no rule decides a {type(asked).__name__}")


def _earlier_refusal(case: Case) -> Fact | None:
    """The refusal that this submission already got in a room that does not exist, where no FENCE remembers it.

    Without it a creation that was refused, answered, and read again after a crash would succeed if the creator was
    approved in between.
    """
    key = verdict_key(case.received)
    if case.fence is not None or key is None:
        return None
    known = held(case.rows, key, OutcomeRow)
    if known is None or (case.received.redriven and known.position < case.received.offset):
        return None
    if known.code == "OK" and _is_leaving(case.received):
        return case.refuse("NOT_A_PARTICIPANT")
    # A success without its room: somebody took rows away. Not done again, since others were told that it was done.
    return case.refuse(_REFUSALS.get(known.code, "INTERNAL"))
