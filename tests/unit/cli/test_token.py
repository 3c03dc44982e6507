import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner, Result

from chassis.http_server import bind, port_of, serving
from cli.app import app
from deploy.issuer.doors import application
from deploy.issuer.id_token import Mint
from tests.tokens import private_key


@pytest.fixture
async def issuer() -> AsyncIterator[str]:
    sock = bind("127.0.0.1", 0, setting="test")
    address = f"http://127.0.0.1:{port_of(sock)}"
    mint = Mint(address, "kaiwa-local", "admin", 3600, private_key("issuer"))
    async with serving(application(mint, "", allow_remote=False), sock):
        yield address


async def run(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Result:
    clean = {"KAIWA_ISSUER": None, **(env or {})}
    return await asyncio.to_thread(CliRunner().invoke, app, ["token", "--dir", str(folder), *arguments], env=clean)


def described(folder: Path, issuer: str) -> Path:
    (folder / "cluster.json").write_text(json.dumps({"issuer": issuer}))
    return folder


async def test_it_prints_a_token_and_nothing_else(tmp_path: Path, issuer: str) -> None:
    result = await run(described(tmp_path, issuer), "alice", "--admin", "--expires-in", "60")
    assert (result.exit_code, result.stderr, result.stdout.count("\n")) == (0, "", 1)
    claims = jwt.decode(result.stdout.strip(), options={"verify_signature": False})
    assert (claims["sub"], claims["cognito:groups"], claims["exp"] - claims["iat"]) == ("alice", ["admin"], 60)


async def test_nobody_is_an_admin_unasked(tmp_path: Path, issuer: str) -> None:
    result = await run(described(tmp_path, issuer), "alice")
    assert "cognito:groups" not in jwt.decode(result.stdout.strip(), options={"verify_signature": False})


async def test_a_token_that_has_expired_already_can_be_had(tmp_path: Path, issuer: str) -> None:
    result = await run(described(tmp_path, issuer), "alice", "--expires-in", "-60")
    claims = jwt.decode(result.stdout.strip(), options={"verify_signature": False})
    assert claims["exp"] == claims["iat"]


async def test_the_environment_wins_over_the_folder(tmp_path: Path, issuer: str) -> None:
    result = await run(described(tmp_path, "http://127.0.0.1:1"), "alice", env={"KAIWA_ISSUER": issuer})
    assert result.exit_code == 0


async def test_without_a_cluster_it_says_how_to_start_one(tmp_path: Path) -> None:
    result = await run(tmp_path, "alice")
    assert "start one with `kaiwa up`" in str(result.exception)
    assert result.stdout == ""


async def test_a_cluster_that_is_down_is_named(tmp_path: Path) -> None:
    result = await run(described(tmp_path, "http://127.0.0.1:1"), "alice")
    assert "does not answer" in str(result.exception)
    assert getattr(result.exception, "code", None) == "NO_TOKEN"


@pytest.mark.parametrize(
    "arguments", [["a#b"], [""], ["alice", "--expires-in", "86401"], ["alice", "--expires-in", "x"], []]
)
async def test_wrong_use_is_told_with_exit_code_2(tmp_path: Path, arguments: list[str]) -> None:
    result = await run(tmp_path, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
