"""Records that are bad in themselves, put aside untouched with the reason in headers (spec 11)."""

from chassis.logs import redact
from chassis.records import Outgoing, Record
from contracts import headers
from contracts.topics import DEAD_LETTERS

ERROR_CHARACTERS = 500


def code_of(error: BaseException) -> str:
    """A short stable name of what went wrong."""
    return str(getattr(error, "code", type(error).__name__))


def dead_letter(record: Record, error: BaseException) -> Outgoing:
    """`record` as it goes to chat.dead-letters: key and value untouched, its own headers kept, ours added.

    The error's text is cut and redacted: it may quote what a person wrote.
    """
    reason = redact(f"{type(error).__name__}: {error}")[:ERROR_CHARACTERS]
    ours = (
        (headers.DEAD_TOPIC, record.topic.encode()),
        (headers.DEAD_PARTITION, str(record.partition).encode()),
        (headers.DEAD_OFFSET, str(record.offset).encode()),
        (headers.DEAD_ERROR_CODE, code_of(error).encode()),
        (headers.DEAD_ERROR, reason.encode()),
    )
    # A record with neither key nor value cannot be written again as it is: the key says where it came from.
    key = record.key if record.key is not None or record.value is not None else b""
    return Outgoing(DEAD_LETTERS.name, key, record.value, record.headers + ours)
