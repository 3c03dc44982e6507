"""Refusals as facts (spec 3 and 8). Pure."""

from typing import Final

from msgspec import UNSET, UnsetType

from contracts.envelope import type_of
from contracts.facts import Command, CommandRejected, MessageRejected, RejectionCode
from contracts.submissions import AddParticipants, CreateRoom, MarkRead, RemoveParticipant, SendMessage, Submission
from services.persistence.received import Received

VERIFICATION_MESSAGE: Final = "本人確認が必要です"
"""The source design's text; a setting."""

TEXTS: Final[dict[RejectionCode, str]] = {
    "VERIFICATION_REQUIRED": VERIFICATION_MESSAGE,
    "NOT_A_PARTICIPANT": "You are not a participant of this room.",
    "INVALID_MESSAGE": "The message is not valid.",
    "INTERNAL": "This could not be processed.",
    "FORBIDDEN": "You may not do this.",
    "NOT_FOUND": "There is no such room.",
    "ROOM_EXISTS": "Another room has this id.",
    "TOO_MANY_PARTICIPANTS": "The room would have too many participants.",
}


def command_of(submission: Submission) -> Command:
    """The submission's name on the wire."""
    name: Command = type_of(type(submission))  # type: ignore[assignment]  # the topic's table has no other names
    return name


def author_of(submission: Submission) -> str:
    """Who asked for it."""
    match submission:
        case SendMessage():
            return submission.sender_id
        case MarkRead():
            return submission.user_id
        case CreateRoom() | AddParticipants() | RemoveParticipant():
            return submission.requested_by
    raise TypeError(f"nobody is named in a {type(submission).__name__}")


def refusal(
    received: Received, code: RejectionCode, text: str, profile_position: int | UnsetType = UNSET
) -> MessageRejected | CommandRejected:
    """The fact that tells the author, at the connection it came through."""
    submission = received.submission
    if isinstance(submission, SendMessage):
        return MessageRejected(
            event_id=received.fact_id,
            occurred_at=submission.occurred_at,
            chat_room_id=submission.chat_room_id,
            submission=received.reference,
            profile_position=profile_position,
            sender_id=submission.sender_id,
            code=code,
            message=text,
            client_message_id=submission.client_message_id,
            connection=submission.connection,
        )
    return CommandRejected(
        event_id=received.fact_id,
        occurred_at=submission.occurred_at,
        chat_room_id=submission.chat_room_id,
        submission=received.reference,
        profile_position=profile_position,
        command=command_of(submission),
        requested_by=author_of(submission),
        code=code,
        message=text,
        connection=submission.connection,
    )
