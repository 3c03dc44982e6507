"""The one place that makes a DynamoDB client, so that all of them go the same way to the table."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from chassis.loopback import is_loopback
from chassis.settings import TableSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def dynamodb(settings: TableSettings, **options: Any) -> "DynamoDBClient":
    """A low-level client for the place that the settings name; connects at the first call.

    `options` are botocore's; without them a call is tried four times.
    """
    secret = settings.secret_access_key
    return boto3.session.Session().client(
        "dynamodb",
        endpoint_url=settings.dynamodb_endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        config=Config(
            connect_timeout=settings.table_connect_timeout_s,
            read_timeout=settings.table_read_timeout_s,
            # Without one, botocore puts the agent's long name together anew for each call: a tenth of a call's CPU.
            user_agent="kaiwa",
            # Unlike others, botocore asks the proxy of the environment for what is on this machine, too.
            proxies={} if is_loopback(urlsplit(settings.dynamodb_endpoint or "").hostname or "") else None,
            **({"retries": {"mode": "standard", "max_attempts": 3}} | options),
        ),
    )
