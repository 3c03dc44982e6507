"""Times on the wire: epoch milliseconds, epoch seconds, and ISO 8601 with ms and `Z` (spec 5)."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(epoch_ms: int) -> str:
    """`1700000000123` as `2023-11-14T22:13:20.123Z`."""
    moment = _EPOCH + timedelta(milliseconds=epoch_ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{epoch_ms % 1000:03d}Z"


def epoch_ms(text: str) -> int:
    """The inverse of `iso`; raises ValueError for what is not ISO 8601 with a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time needs its zone: {text!r}")
    return (moment - _EPOCH) // timedelta(milliseconds=1)
