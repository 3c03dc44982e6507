"""What each process may ask of the table: the calls that it makes, on the rows that it makes them on (spec 5).

A transaction needs the right to each write in it; there is none for the transaction itself. Rows are bound by the first
part of their partition key, which IAM calls the leading key.
"""

from dataclasses import dataclass
from typing import Any

from contracts import table

TABLE_ARN = "arn:aws:dynamodb:*:*:table/kaiwa"

_CONNECTIONS, _USERS, _ROOMS = table.connection_pk("*"), table.user_pk("*"), table.room_pk("*")
_COMMANDS, _CHECKPOINTS = table.outcome("*").pk, "PARTITION#*"

_GET, _GET_MANY, _QUERY = "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"
_WRITE = ("dynamodb:DeleteItem", "dynamodb:PutItem")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Some calls on some rows, by their partition keys."""

    name: str
    actions: tuple[str, ...]
    rows: tuple[str, ...]


GRANTS: dict[str, tuple[Grant, ...]] = {
    "api": (
        Grant(
            name="Read",
            actions=(_GET_MANY, _GET, _QUERY),
            rows=(_ROOMS, _COMMANDS, table.DIRECTORY_PK, table.LOG_ID.pk, _USERS),
        ),
    ),
    "fanout": (Grant(name="Read", actions=(_GET,), rows=(_ROOMS,)),),
    "persistence": (
        Grant(name="Read", actions=(_GET_MANY, _GET), rows=(_ROOMS, _COMMANDS, table.LOG_ID.pk, _USERS)),
        Grant(name="Write", actions=_WRITE, rows=(_ROOMS, _COMMANDS, table.DIRECTORY_PK, _CHECKPOINTS, _USERS)),
    ),
    "presence": (
        Grant(name="Read", actions=(_GET,), rows=(_CHECKPOINTS,)),
        Grant(name="Write", actions=_WRITE, rows=(_CONNECTIONS, _CHECKPOINTS, _USERS)),
    ),
    "setup": (Grant(name="Log", actions=(_GET, "dynamodb:PutItem"), rows=(table.LOG_ID.pk,)),),
}
"""By process; `setup` is `kaiwa table --check` and `kaiwa topics`. The gateway has no table."""

_LOOK = {
    "Sid": "Look",
    "Effect": "Allow",
    "Action": ["dynamodb:DescribeTable", "dynamodb:DescribeTimeToLive"],
    "Resource": TABLE_ARN,
}


def policies() -> dict[str, dict[str, Any]]:
    """An IAM policy document for each process, for the table `kaiwa` in any region of the account."""
    return {process: _policy(process, grants) for process, grants in GRANTS.items()}


def _policy(process: str, grants: tuple[Grant, ...]) -> dict[str, Any]:
    looks = [_LOOK] if process == "setup" else []
    return {"Version": "2012-10-17", "Statement": [*looks, *(_statement(grant) for grant in grants)]}


def _statement(grant: Grant) -> dict[str, Any]:
    return {
        "Sid": grant.name,
        "Effect": "Allow",
        "Action": list(grant.actions),
        "Resource": TABLE_ARN,
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(grant.rows)}},
    }
