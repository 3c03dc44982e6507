from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.cli.terminal.fake_server import FakeServer, running, token_for


async def chat(server: FakeServer, *arguments: str, typed: str = "", token: str | None = None) -> tuple[int, str, str]:
    """Runs the real command as a program of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KAIWA_")}
    environ |= {"KAIWA_WEBSOCKET_URL": server.websocket_url, "KAIWA_HTTP_API_URL": server.api_url}
    environ |= {"KAIWA_TOKEN": token} if token else {}
    command = (sys.executable, "-m", "cli.app", "chat", *arguments)
    program = await asyncio.create_subprocess_exec(
        *command,
        env=environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await asyncio.wait_for(program.communicate(typed.encode()), 60)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    return program.returncode or 0, out.decode(), errors.decode()


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with running(FakeServer()) as server:
        yield server


async def test_piped_lines_are_posted_and_only_the_exit_code_tells(server: FakeServer) -> None:
    assert await chat(server, "lobby", typed="one\ntwo\n", token=token_for("alice")) == (0, "", "")
    assert [message["content"] for message in server.messages["lobby"]] == ["one", "two"]


async def test_json_gives_frames_as_lines(server: FakeServer) -> None:
    code, out, _ = await chat(server, "lobby", "--json", typed="one\n", token=token_for("alice"))
    assert code == 0
    assert json.loads(out.splitlines()[0])["type"] == "MESSAGE"


async def test_a_refused_message_exits_1(server: FakeServer) -> None:
    code, out, errors = await chat(server, "lobby", typed="one\n", token=token_for("dave"))
    assert (code, out) == (1, "")
    assert errors.startswith("kaiwa: Not sent: “one”")


async def test_a_room_that_one_is_not_in_is_one_sentence(server: FakeServer) -> None:
    code, _, errors = await chat(server, "kitchen", token=token_for("alice"))
    assert code == 1
    assert errors == "kaiwa: There is no room kitchen, or alice is not in it (alice is in: lobby).\n"


async def test_somebody_whom_nobody_knows_is_told_what_to_do(server: FakeServer) -> None:
    code, _, errors = await chat(server, "lobby", token=token_for("zed"))
    assert code == 1
    assert "zed is in no room" in errors
    assert len(errors.splitlines()) == 1


async def test_without_a_cluster_it_says_how_to_start_one(server: FakeServer, tmp_path: Path) -> None:
    code, _, errors = await chat(server, "lobby", "--as", "alice", "--dir", str(tmp_path))
    assert code == 1
    assert "kaiwa up" in errors
    assert len(errors.splitlines()) == 1


async def test_nobody_in_particular_is_wrong_use(server: FakeServer) -> None:
    code, _, errors = await chat(server, "lobby")
    assert code == 2
    assert "--as" in errors


async def test_a_server_that_is_away_is_one_sentence(server: FakeServer) -> None:
    server.api_url = "http://127.0.0.1:1"
    code, _, errors = await chat(server, "lobby", token=token_for("alice"))
    assert code == 1
    assert "does not answer" in errors
    assert len(errors.splitlines()) == 1
