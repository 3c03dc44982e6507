import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from chassis.table_errors import (
    ConditionFailed,
    TableConflict,
    TableError,
    TableRefused,
    TableUnavailable,
    from_boto,
    is_throttled,
)


def answer(code: str, *, reasons: tuple[str, ...] = (), status: int = 400) -> TableError:
    response = {
        "Error": {"Code": code, "Message": ""},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return from_boto(ClientError(response, "TransactWriteItems"))  # type: ignore[arg-type]


CASES = [
    ("ConditionalCheckFailedException", (), 400, ConditionFailed, False),
    ("TransactionCanceledException", ("None", "ConditionalCheckFailed"), 400, ConditionFailed, False),
    ("TransactionCanceledException", ("None", "TransactionConflict"), 400, TableConflict, True),
    ("TransactionCanceledException", ("ThrottlingError",), 400, TableUnavailable, True),
    ("TransactionCanceledException", ("ValidationError",), 400, TableRefused, False),
    ("TransactionInProgressException", (), 400, TableConflict, True),
    ("ProvisionedThroughputExceededException", (), 400, TableUnavailable, True),
    ("InternalServerError", (), 500, TableUnavailable, True),
    ("ResourceNotFoundException", (), 400, TableUnavailable, True),
    ("AccessDeniedException", (), 400, TableUnavailable, True),
    ("SomethingNew", (), 503, TableUnavailable, True),
    ("SomethingNew", (), 400, TableUnavailable, True),
    ("MissingAuthenticationTokenException", (), 400, TableUnavailable, True),
    ("TransactionCanceledException", ("None", "SomethingNew"), 400, TableUnavailable, True),
    ("TransactionCanceledException", ("TransactionConflict", "ValidationError"), 400, TableRefused, False),
    ("ValidationException", (), 400, TableRefused, False),
]


@pytest.mark.parametrize(("code", "reasons", "status", "expected", "retryable"), CASES)
def test_an_answer_says_whether_the_same_call_may_succeed_later(
    code: str, reasons: tuple[str, ...], status: int, expected: type[TableError], *, retryable: bool
) -> None:
    error = answer(code, reasons=reasons, status=status)
    assert type(error) is expected
    assert error.retryable is retryable


def test_no_answer_may_pass() -> None:
    assert isinstance(from_boto(ConnectTimeoutError(endpoint_url="http://t")), TableUnavailable)


@pytest.mark.parametrize(
    ("code", "reasons", "throttled"),
    [
        ("ThrottlingException", (), True),
        ("ProvisionedThroughputExceededException", (), True),
        ("TransactionCanceledException", ("None", "ProvisionedThroughputExceeded"), True),
        ("TransactionCanceledException", ("TransactionConflict",), False),
        ("ValidationException", (), False),
        (None, (), False),
    ],
)
def test_a_throttled_answer_is_known_from_others(code: str | None, reasons: tuple[str, ...], throttled: bool) -> None:
    answer = {"CancellationReasons": [{"Code": reason} for reason in reasons]}
    assert is_throttled(answer | ({"Error": {"Code": code}} if code else {})) is throttled
