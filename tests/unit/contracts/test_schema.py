"""What is generated from the code is current, valid, and refuses what the code refuses."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts import schema
from contracts.topics import TOPICS


def read(name: str) -> Any:
    return json.loads((schema.GENERATED / name).read_bytes())


def refs(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from (value for key, value in document.items() if key == "$ref")
        for value in document.values():
            yield from refs(value)
    elif isinstance(document, list):
        for item in document:
            yield from refs(item)


def resolve(document: Any, ref: str) -> Any:
    for part in ref.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


def test_the_generated_files_are_current() -> None:
    assert schema.stale() == [], "run python -m contracts.schema"


def test_a_changed_or_missing_file_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "GENERATED", tmp_path)
    schema.write()
    assert schema.stale() == []
    (tmp_path / "asyncapi.json").write_text("{}")
    (tmp_path / "close-codes.json").unlink()
    assert sorted(schema.stale()) == ["asyncapi.json", "close-codes.json"]


def test_the_check_exits_0_when_all_is_current() -> None:
    checked = subprocess.run([sys.executable, "-m", "contracts.schema", "--check"], check=False, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, b"")


def test_the_check_exits_1_and_names_what_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schema, "GENERATED", tmp_path)
    monkeypatch.setattr(sys, "argv", ["contracts.schema", "--check"])
    assert schema.main() == 1
    assert "asyncapi.json is not current: run python -m contracts.schema" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["events", "client-frames", "server-frames"])
def test_the_json_schemas_are_schemas_and_their_refs_resolve(name: str) -> None:
    document = read(f"{name}.schema.json")
    jsonschema.Draft202012Validator.check_schema(document)
    assert all(resolve(document, ref) for ref in refs(document))


def test_the_schema_refuses_an_id_with_the_separator_of_the_table() -> None:
    frame = {"action": "typing", "chatRoomId": "a#b"}
    assert not jsonschema.Draft202012Validator(read("client-frames.schema.json")).is_valid(frame)


def test_the_refs_of_the_asyncapi_document_resolve() -> None:
    document = read("asyncapi.json")
    found = set(refs(document))
    assert found
    assert all(resolve(document, ref) for ref in found)


def test_the_asyncapi_document_names_every_topic_and_who_speaks_on_it() -> None:
    document = read("asyncapi.json")
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == {topic.name for topic in TOPICS} | {"websocket"}
    for topic in TOPICS:
        assert all(f"{service}.send.{topic.name}" in document["operations"] for service in topic.producers)
        assert all(f"{service}.receive.{topic.name}" in document["operations"] for service in topic.consumers)
