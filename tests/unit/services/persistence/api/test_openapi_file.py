import json
from pathlib import Path

import pytest

from services.persistence.api import openapi_file
from tests.unit.services.persistence.api.asgi import app_of, ask


def test_the_file_is_current() -> None:
    assert openapi_file.is_current(), "run python -m services.persistence.api.openapi_file"


async def test_the_file_is_what_the_api_answers() -> None:
    answer = await ask(app_of(), path="/api/openapi.json")
    assert answer.json() == json.loads(openapi_file.FILE.read_text(encoding="utf-8"))


def test_the_check_names_a_stale_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(openapi_file, "FILE", tmp_path / "openapi.json")
    assert openapi_file.main(["--check"]) == 1
    assert "python -m services.persistence.api.openapi_file" in capsys.readouterr().err
    assert openapi_file.main([]) == 0
    assert openapi_file.main(["--check"]) == 0
