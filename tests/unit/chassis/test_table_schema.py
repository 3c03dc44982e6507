from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import Stubber

from chassis import table_schema
from chassis.dynamodb import dynamodb
from chassis.settings import TableSettings

SETTINGS = TableSettings.model_validate(
    {"table": "chat", "region": "local", "access_key_id": "a", "secret_access_key": "b"}
)
RIGHT: dict[str, Any] = {
    "TableStatus": "ACTIVE",
    "AttributeDefinitions": [
        {"AttributeName": "PK", "AttributeType": "S"},
        {"AttributeName": "SK", "AttributeType": "S"},
    ],
    "KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}
ON_TTL = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}}
OFF = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = dynamodb(SETTINGS)
    monkeypatch.setattr(table_schema, "dynamodb", lambda _: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def test_a_table_that_stands_as_it_should_is_left_alone(stub: Stubber) -> None:
    stub.add_client_error("create_table", "ResourceInUseException")
    stub.add_response("describe_table", {"Table": RIGHT})
    stub.add_response("describe_time_to_live", ON_TTL)
    assert table_schema.ensure_table(SETTINGS) is False


def test_a_table_that_is_being_made_is_waited_for(stub: Stubber) -> None:
    stub.add_response("create_table", {"TableDescription": {"TableStatus": "CREATING"}})
    stub.add_response("describe_table", {"Table": {"TableStatus": "CREATING"}})
    stub.add_response("describe_table", {"Table": RIGHT})
    stub.add_response("describe_time_to_live", OFF)
    stub.add_response("update_time_to_live", {})
    assert table_schema.ensure_table(SETTINGS) is True


def test_two_that_switch_expiry_on_at_once_both_succeed(stub: Stubber) -> None:
    stub.add_client_error("create_table", "ResourceInUseException")
    stub.add_response("describe_table", {"Table": RIGHT})
    stub.add_response("describe_time_to_live", OFF)
    stub.add_client_error("update_time_to_live", "ValidationException", "TimeToLive is already enabled")
    assert table_schema.ensure_table(SETTINGS) is False


def test_a_table_that_never_becomes_active_is_an_error(stub: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_schema, "ACTIVE_WITHIN_S", -1.0)
    stub.add_response("create_table", {"TableDescription": {"TableStatus": "CREATING"}})
    stub.add_response("describe_table", {"Table": {"TableStatus": "CREATING"}})
    with pytest.raises(table_schema.TableNotReady, match="CREATING"):
        table_schema.ensure_table(SETTINGS)


def test_a_right_table_differs_in_nothing(stub: Stubber) -> None:
    stub.add_response("describe_table", {"Table": RIGHT})
    stub.add_response("describe_time_to_live", ON_TTL)
    assert table_schema.check_table(SETTINGS) == []


def test_numbers_for_keys_fixed_capacity_and_no_expiry_are_named(stub: Stubber) -> None:
    numbers = [{"AttributeName": name, "AttributeType": "N"} for name in ("PK", "SK")]
    stub.add_response("describe_table", {"Table": {**RIGHT, "AttributeDefinitions": numbers, "BillingModeSummary": {}}})
    stub.add_response("describe_time_to_live", OFF)
    found = table_schema.check_table(SETTINGS)
    assert [(difference.what, difference.found) for difference in found] == [
        ("keys", "PK N HASH, SK N RANGE"),
        ("billing", "PROVISIONED"),
        ("expiry", "off"),
    ]


def test_a_missing_table_is_one_difference(stub: Stubber) -> None:
    stub.add_client_error("describe_table", "ResourceNotFoundException")
    assert [difference.remedy for difference in table_schema.check_table(SETTINGS)] == ["kaiwa table"]
