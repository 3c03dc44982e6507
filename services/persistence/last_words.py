"""What can be told of a submission that is put aside, so that who sent it gets an answer (spec 11). Pure."""

from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from chassis.records import Record
from contracts.connections import ConnectionRef
from contracts.envelope import ContractError
from contracts.ids import ClientMessageId, Id
from contracts.submissions import AddParticipants, CreateRoom, MarkRead, RemoveParticipant, SendMessage, Submission
from services.persistence.received import Received, WrongKey, receive, received_of


class _Traces(Struct, rename="camel"):
    """As much of a submission as an answer needs; what is there in a wrong shape counts as absent."""

    type: str
    event_id: str
    chat_room_id: Id
    occurred_at: Raw = Raw()
    sender_id: Raw = Raw()
    user_id: Raw = Raw()
    requested_by: Raw = Raw()
    client_message_id: Raw = Raw()
    connection: Raw = Raw()


_decode = msgspec.json.Decoder(_Traces).decode


def last_words(record: Record) -> Received | None:
    """The submission in `record`, with its demands left out where they cannot be read.

    None where it cannot be told what it was, who sent it, or which room it meant; and where its key is not its room.
    """
    try:
        return receive(record)
    except WrongKey:
        return None
    except ContractError:
        submission = _restored(record.value or b"")
    if submission is None or record.key != submission.chat_room_id.encode():
        return None
    return received_of(submission, record)


def _restored(value: bytes) -> Submission | None:
    try:
        traces = _decode(value)
        return _submission(traces)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _submission(traces: _Traces) -> Submission | None:
    """A submission of the same kind that demands nothing. Raises msgspec.MsgspecError where its author is unknown."""
    shared: dict[str, Any] = {
        "event_id": traces.event_id,
        "occurred_at": _or_unset(traces.occurred_at, str) or "",
        "chat_room_id": traces.chat_room_id,
        "connection": _or_unset(traces.connection, ConnectionRef),
    }
    match traces.type:
        case "sendMessage":
            key = _or_unset(traces.client_message_id, ClientMessageId)
            return SendMessage(**shared, sender_id=_an_id(traces.sender_id), content="", client_message_id=key)
        case "markRead":
            return MarkRead(**shared, user_id=_an_id(traces.user_id), seq=0)
        case "createRoom":
            return CreateRoom(**shared, name="", participant_ids=(), requested_by=_an_id(traces.requested_by))
        case "addParticipants":
            return AddParticipants(**shared, user_ids=(), requested_by=_an_id(traces.requested_by))
        case "removeParticipant":
            author = _an_id(traces.requested_by)
            return RemoveParticipant(**shared, user_id=author, requested_by=author)
    return None


def _an_id(raw: Raw) -> str:
    author: str = msgspec.json.decode(raw, type=Id)
    return author


def _or_unset(raw: Raw, kind: Any) -> Any | UnsetType:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError:
        return UNSET
