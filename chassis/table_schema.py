"""Creates and checks the one table (spec 5): keys, billing by request, expiry on `ttl`. Plain boto3, blocking."""

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chassis.difference import Difference
from chassis.dynamodb import dynamodb
from chassis.settings import TableSettings
from contracts.table import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

ACTIVE_WITHIN_S = 120.0
_KEYS = {PARTITION_KEY: "HASH", SORT_KEY: "RANGE"}


class TableNotReady(Exception):
    """The table was created but does not become active."""

    code = "TABLE_NOT_READY"
    retryable = True


def ensure_table(settings: TableSettings) -> bool:
    """Creates the table where it is missing, waits until it is ACTIVE, and switches expiry on; True if it was missing.

    Safe to repeat, and to run twice at once. Raises TableNotReady after 120 s, or botocore's errors.
    """
    client = dynamodb(settings)
    created = _create(client, settings.table)
    _wait_active(client, settings.table)
    if _expiry(client, settings.table) != TTL_ATTRIBUTE:
        _enable_expiry(client, settings.table)
    return created


def check_table(settings: TableSettings) -> list[Difference]:
    """How the table differs from what it should be, each with the command that mends it. Raises botocore's errors."""
    client, table = dynamodb(settings), settings.table
    description = _describe(client, table)
    if description is None:
        return [Difference(table, "table", "there", "missing", "kaiwa table")]
    found = [*_keys(table, description), *_billing(table, description)]
    if (attribute := _expiry(client, table)) != TTL_ATTRIBUTE:
        found.append(Difference(table, "expiry", f"on {TTL_ATTRIBUTE}", attribute or "off", "kaiwa table"))
    return found


def _create(client: "DynamoDBClient", table: str) -> bool:
    try:
        client.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in _KEYS],
            KeySchema=[
                {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
                {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
    except client.exceptions.ResourceInUseException:
        return False
    return True


def _wait_active(client: "DynamoDBClient", table: str) -> None:
    deadline = time.monotonic() + ACTIVE_WITHIN_S
    while (status := (_describe(client, table) or {}).get("TableStatus")) not in {"ACTIVE", "UPDATING"}:
        if time.monotonic() > deadline:
            raise TableNotReady(f"the table {table} is still {status or 'missing'} after {ACTIVE_WITHIN_S:.0f} s")
        time.sleep(0.2)


def _enable_expiry(client: "DynamoDBClient", table: str) -> None:
    try:
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        )
    except ClientError as error:
        # Two of us at once: DynamoDB refuses the second as invalid, though nothing is wrong.
        if "already enabled" not in str(error):
            raise


def _describe(client: "DynamoDBClient", table: str) -> "TableDescriptionTypeDef | None":
    try:
        return client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None


def _expiry(client: "DynamoDBClient", table: str) -> str | None:
    found = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return found.get("AttributeName") if found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"} else None


def _keys(table: str, description: "TableDescriptionTypeDef") -> list[Difference]:
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in description.get("AttributeDefinitions", [])}
    found = {entry["AttributeName"]: entry["KeyType"] for entry in description.get("KeySchema", [])}
    if found == _KEYS and all(types[name] == "S" for name in _KEYS):
        return []
    shown = ", ".join(f"{name} {types.get(name)} {kind}" for name, kind in found.items())
    remedy = "KAIWA_TABLE=ANOTHER_NAME kaiwa table (keys cannot be changed)"
    return [Difference(table, "keys", "PK S HASH, SK S RANGE", shown, remedy)]


def _billing(table: str, description: "TableDescriptionTypeDef") -> list[Difference]:
    found = description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    if found == "PAY_PER_REQUEST":
        return []
    remedy = f"aws dynamodb update-table --table-name {table} --billing-mode PAY_PER_REQUEST"
    return [Difference(table, "billing", "PAY_PER_REQUEST", found, remedy)]
