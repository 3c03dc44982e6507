"""What the table may answer, as errors that say whether the same call may succeed later."""

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

CONFLICTS = frozenset({"TransactionConflictException", "TransactionConflict", "TransactionInProgressException"})
THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottlingError",
    }
)
"""What says that the table, or the account, gives no more just now."""
REFUSALS = frozenset(
    {
        "ValidationException",
        "ValidationError",
        "SerializationException",
        "ItemCollectionSizeLimitExceededException",
        "ItemCollectionSizeLimitExceeded",
        "IdempotentParameterMismatchException",
        "DuplicateItem",
    }
)
"""What blames the request itself. Every other answer is waited for: a table that is not there yet, credentials that are
wrong now, a code that is new to us; a record that was put aside for such a reason would be lost to its room."""


class TableError(Exception):
    """A call of the table failed."""

    code: ClassVar[str]
    retryable: ClassVar[bool]


class TableUnavailable(TableError):
    """Time-out, 5xx, throttling, refused credentials, anything we do not know: unknown whether a write was done."""

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


def is_throttled(answer: Mapping[str, Any]) -> bool:
    """Whether an answer of DynamoDB's, as botocore parsed it, says that there is no more throughput just now."""
    reasons = (reason.get("Code") for reason in answer.get("CancellationReasons", ()))
    return answer.get("Error", {}).get("Code") in THROTTLES or any(reason in THROTTLES for reason in reasons)


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
    return _by_code(code, text)


def _cancelled(reasons: tuple[str, ...], text: str) -> TableError:
    if "ConditionalCheckFailed" in reasons:
        return ConditionFailed(reasons)
    if refused := [reason for reason in reasons if reason in REFUSALS]:
        return TableRefused(f"transaction cancelled: {', '.join(refused)} {text}")
    if conflicts := [reason for reason in reasons if reason in CONFLICTS]:
        return TableConflict(conflicts[0])
    return TableUnavailable(f"transaction cancelled: {', '.join(reasons)} {text}")


def _by_code(code: str, text: str) -> TableError:
    if code in CONFLICTS:
        return TableConflict(code)
    if code in REFUSALS:
        return TableRefused(f"{code}: {text}")
    return TableUnavailable(f"{code}: {text}")
