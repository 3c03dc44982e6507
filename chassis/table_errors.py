"""What the table may answer, as errors that say whether the same call may succeed later."""

from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

CONFLICTS = frozenset({"TransactionConflictException", "TransactionConflict", "TransactionInProgressException"})
THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "RequestLimitExceeded",
        "LimitExceededException",
    }
)
PASSING = frozenset({"InternalServerError", "ServiceUnavailable", "ResourceNotFoundException", "InternalFailure"})
"""A table that is not there yet is waited for, not blamed on a record."""
IDENTITY = frozenset(
    {"UnrecognizedClientException", "AccessDeniedException", "ExpiredTokenException", "InvalidSignatureException"}
)
"""Credentials that are wrong now are mended by whoever runs the system; no record is to blame."""


class TableError(Exception):
    """A call of the table failed."""

    code: ClassVar[str]
    retryable: ClassVar[bool]


class TableUnavailable(TableError):
    """Time-out, 5xx, throttling or refused credentials: unknown whether a write was done."""

    code = "TABLE_UNAVAILABLE"
    retryable = True


class TableConflict(TableError):
    """Somebody else's transaction touches the same items just now."""

    code = "TABLE_CONFLICT"
    retryable = True


class ConditionFailed(TableError):
    """The table is not as the writer believed. Nothing was written."""

    code = "CONDITION_FAILED"
    retryable = False

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(f"condition failed: {', '.join(reasons)}")
        self.reasons = reasons
        """For each action of the transaction `None` or DynamoDB's reason."""


class TableRefused(TableError):
    """The request itself is wrong (validation, size): bad in itself."""

    code = "TABLE_REFUSED"
    retryable = False


def from_boto(error: ClientError | BotoCoreError) -> TableError:
    """A boto3 error as ours."""
    if not isinstance(error, ClientError):
        return TableUnavailable(f"{type(error).__name__}: {error}")
    details: Any = error.response
    code = str(details.get("Error", {}).get("Code", ""))
    text = str(details.get("Error", {}).get("Message", ""))
    if code == "TransactionCanceledException":
        return _cancelled(tuple(str(reason.get("Code")) for reason in details.get("CancellationReasons", [])), text)
    if code == "ConditionalCheckFailedException":
        return ConditionFailed((code,))
    return _by_code(code, text, int(details.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)))


def _cancelled(reasons: tuple[str, ...], text: str) -> TableError:
    if "ConditionalCheckFailed" in reasons:
        return ConditionFailed(reasons)
    for reason in reasons:
        if reason in CONFLICTS:
            return TableConflict(reason)
        if reason in THROTTLES:
            return TableUnavailable(reason)
    return TableRefused(f"transaction cancelled: {', '.join(reasons)} {text}")


def _by_code(code: str, text: str, status: int) -> TableError:
    if code in CONFLICTS:
        return TableConflict(code)
    if code in THROTTLES | PASSING | IDENTITY or status >= 500:
        return TableUnavailable(f"{code}: {text}")
    return TableRefused(f"{code}: {text}")
