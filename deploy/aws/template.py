"""The table (spec 5) as a CloudFormation template."""

from typing import Any

from contracts.table import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE


def template() -> dict[str, Any]:
    """One stack with the table in it; a stack that is deleted leaves the table where it is."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The table of Kaiwa",
        "Parameters": {
            "TableName": {"Type": "String", "Default": "kaiwa", "Description": "KAIWA_TABLE of every process"},
        },
        "Resources": {"Table": _table()},
        "Outputs": {
            "TableName": {"Value": {"Ref": "Table"}},
            "TableArn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}},
        },
    }


def _table() -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": {"Ref": "TableName"},
            "AttributeDefinitions": [
                {"AttributeName": name, "AttributeType": "S"} for name in (PARTITION_KEY, SORT_KEY)
            ],
            "KeySchema": [
                {"AttributeName": PARTITION_KEY, "KeyType": "HASH"},
                {"AttributeName": SORT_KEY, "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": TTL_ATTRIBUTE, "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "DeletionProtectionEnabled": True,
            "SSESpecification": {"SSEEnabled": True},
        },
    }
