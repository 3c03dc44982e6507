"""An outside check: tokens made by moto's Cognito, not by us, are believed, and its access tokens are not."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import jwt
import pytest
import requests
from moto import mock_aws

from chassis.auth.errors import TokenError
from chassis.auth.issuer import IssuerConfig, cognito_issuer
from chassis.auth.verifier import Verifier

REGION = "eu-west-1"
PASSWORD = "Correct-horse-7"


@dataclass
class Pool:
    """A user pool with one user, who has signed in."""

    issuer: str
    client_id: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with mock_aws():
        cognito = boto3.client(
            "cognito-idp", region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )
        pool_id = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        flows: Any = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        client = cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName="web", ReadAttributes=["name", "email"], ExplicitAuthFlows=flows
        )
        client_id = client["UserPoolClient"]["ClientId"]
        cognito.admin_create_user(
            UserPoolId=pool_id, Username="alice", UserAttributes=[{"Name": "name", "Value": "アリス"}]
        )
        cognito.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password=PASSWORD, Permanent=True)
        cognito.create_group(GroupName="admin", UserPoolId=pool_id)
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="alice", GroupName="admin")
        signed_in = cognito.admin_initiate_auth(
            UserPoolId=pool_id,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        tokens = {"id": signed_in["IdToken"], "access": signed_in["AccessToken"]}
        yield Pool(cognito_issuer(REGION, pool_id), client_id, tokens)


async def from_moto(url: str) -> bytes:
    """moto stands in for the network of `requests` alone; that aiohttp fetches as well, test_fetch.py shows."""
    return (await asyncio.to_thread(requests.get, url, timeout=5)).content


def verifier(pool: Pool, **changes: Any) -> Verifier:
    config = {"issuer": pool.issuer, "client_ids": (pool.client_id,)} | changes
    return Verifier(IssuerConfig(**config), fetch=from_moto)


async def refusal(pool: Pool, token: str, **changes: Any) -> str:
    with pytest.raises(TokenError) as error:
        await verifier(pool, **changes).verify(token)
    return error.value.reason


async def test_an_id_token_of_cognito_is_believed_with_its_keys(pool: Pool) -> None:
    identity = await verifier(pool).verify(pool.tokens["id"])
    claims = jwt.decode(pool.tokens["id"], options={"verify_signature": False})
    assert identity.user_id == claims["sub"]
    assert identity.user_id != "alice"
    assert (identity.name, identity.groups) == ("アリス", ("admin",))
    assert (identity.issued_at, identity.expires_at) == (claims["iat"], claims["exp"])


async def test_an_access_token_of_cognito_is_not(pool: Pool) -> None:
    assert await refusal(pool, pool.tokens["access"]) == "WRONG_USE"


async def test_a_token_for_another_client_is_not(pool: Pool) -> None:
    assert await refusal(pool, pool.tokens["id"], client_ids=("other",)) == "WRONG_AUDIENCE"


async def test_a_token_of_another_pool_is_not(pool: Pool) -> None:
    other = {"issuer": cognito_issuer(REGION, "eu-west-1_other"), "jwks_url": f"{pool.issuer}/.well-known/jwks.json"}
    assert await refusal(pool, pool.tokens["id"], **other) == "WRONG_ISSUER"


async def test_a_changed_token_is_not(pool: Pool) -> None:
    header, payload, signature = pool.tokens["id"].split(".")
    changed = f"{header}.{payload}.{signature[:-8]}AAAAAAAA"
    assert await refusal(pool, changed) == "BAD_SIGNATURE"
