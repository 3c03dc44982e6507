import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.issuer.client import NoTokenError, ask_for_token
from deploy.local.ports import free_port
from tests.waiting import Eventually

COMMAND = [sys.executable, "-m", "deploy.issuer"]


def environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    own = {
        "KAIWA_PORT": str(port),
        "KAIWA_ISSUER": f"http://127.0.0.1:{port}",
        "KAIWA_CLIENT_ID": "kaiwa-local",
        "KAIWA_ISSUER_KEY_FILE": str(folder / "key.pem"),
    }
    return {**os.environ, **own, **more}


def ended(environ: dict[str, str]) -> tuple[int, str]:
    result = subprocess.run(COMMAND, env=environ, capture_output=True, text=True, timeout=60, check=False)
    return result.returncode, result.stderr


def test_in_production_it_ends_with_2_before_anything_is_made(tmp_path: Path) -> None:
    code, said = ended(environment(tmp_path, free_port(), KAIWA_ENVIRONMENT="production"))
    assert (code, list(tmp_path.iterdir())) == (2, [])
    assert "KAIWA_ENVIRONMENT is production" in said


def test_nothing_starts_without_settings() -> None:
    code, said = ended({"PATH": os.environ["PATH"]})
    assert code == 2
    assert "KAIWA_ISSUER_KEY_FILE is missing" in said


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A port and the log."""
    port, path = free_port(), tmp_path / "log"
    with path.open("w") as log:
        process = subprocess.Popen(COMMAND, env=environment(tmp_path, port), stdout=log, stderr=log)
    try:
        yield port, path
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


async def test_it_gives_tokens_and_shows_none(running: tuple[int, Path], eventually: Eventually) -> None:
    port, log = running
    token = await eventually(lambda: _token(port), within_s=60)
    assert not [part for part in token.split(".") if part in log.read_text()]


def _token(port: int) -> str:
    try:
        return ask_for_token(f"http://127.0.0.1:{port}", "alice")
    except NoTokenError:
        return ""
