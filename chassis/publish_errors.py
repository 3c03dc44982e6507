"""What publishing may end in: a position in the log, or an error that says whether the same call may succeed later."""

from typing import NamedTuple


class PublishFailed(Exception):
    """Kafka did not acknowledge: unknown whether it is in the log."""

    code = "KAFKA_UNAVAILABLE"
    retryable = True


class RecordTooLarge(Exception):
    """Over the topic's limit: bad in itself."""

    code = "RECORD_TOO_LARGE"
    retryable = False


class Overloaded(Exception):
    """Too much is waiting for Kafka already."""

    code = "OVERLOADED"
    retryable = True


class Position(NamedTuple):
    """Where a record stands, and the broker's time of it (epoch ms)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
