import asyncio
import time

from botocore.exceptions import ClientError

from chassis.backoff import Backoff, is_retryable
from chassis.table_errors import TableRefused, TableUnavailable


def test_pauses_grow_to_the_cap_and_start_again_after_a_success() -> None:
    backoff = Backoff(first_s=1.0, factor=2.0, most_s=4.0)
    for step in (1.0, 2.0, 4.0, 4.0):
        assert step / 2 <= backoff.next_s() <= step
    backoff.reset()
    assert backoff.next_s() <= 1.0


async def test_a_pause_ends_when_the_process_is_asked_to_stop() -> None:
    stop = asyncio.Event()
    stop.set()
    began = time.monotonic()
    await Backoff(first_s=60.0).wait(stop)
    assert time.monotonic() - began < 10


def test_an_error_says_itself_whether_it_may_pass() -> None:
    assert is_retryable(TableUnavailable("503"))
    assert not is_retryable(TableRefused("too large"))
    assert is_retryable(ConnectionResetError())
    assert is_retryable(TimeoutError())
    assert not is_retryable(ValueError())
    assert not is_retryable(ClientError({}, "PutItem"))
