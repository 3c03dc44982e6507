"""JSON Schema of every event and frame, and an AsyncAPI 3 document, generated from the code.

python -m contracts.schema            writes contracts/generated/
python -m contracts.schema --check    exits 1 if what is written there is not current
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from contracts import connection_api_document, limits
from contracts.client_frames import CLIENT_FRAMES
from contracts.close_codes import CLOSE_CODES
from contracts.envelope import type_of
from contracts.server_frames import SERVER_FRAMES
from contracts.topics import TOPICS, Topic

GENERATED = Path(__file__).parent / "generated"
Document = dict[str, Any]


def documents() -> dict[str, Document | list[Any]]:
    """File name to content of all that is generated."""
    return {
        "events.schema.json": _schema("Kaiwa events", [event for topic in TOPICS for event in topic.events]),
        "client-frames.schema.json": _schema("Frames a client sends", list(CLIENT_FRAMES)),
        "server-frames.schema.json": _schema("Frames a client gets", list(SERVER_FRAMES)),
        "close-codes.json": [msgspec.to_builtins(code) for code in CLOSE_CODES],
        "limits.json": {name: value for name, value in vars(limits).items() if name.isupper()},
        "asyncapi.json": _asyncapi(),
        "connection-api.openapi.json": connection_api_document.document(),
    }


def _schema(title: str, types: list[type[msgspec.Struct]]) -> Document:
    one_of, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "oneOf": list(one_of),
        "$defs": dict(sorted(components.items())),
    }


def _asyncapi() -> Document:
    frames = [*CLIENT_FRAMES, *SERVER_FRAMES]
    types = [event for topic in TOPICS for event in topic.events] + frames
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Kaiwa", "version": "1", "description": "Topics and WebSocket frames of Kaiwa."},
        "channels": {topic.name: _channel(topic) for topic in TOPICS} | {"websocket": _websocket()},
        "operations": _operations(),
        "components": {
            "messages": {struct.__name__: _message(struct) for struct in types},
            "schemas": dict(sorted(schemas.items())),
        },
    }


def _channel(topic: Topic) -> Document:
    retention = "compacted" if topic.compacted else f"kept {topic.retention_ms} ms (-1: for ever)"
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}; {retention}.",
        "messages": {type_of(event): _message_ref(event) for event in topic.events},
    }


def _websocket() -> Document:
    return {
        "address": "/{stage}",
        "parameters": {"stage": {"default": "prod", "description": "The stage of the deployment."}},
        "messages": {struct.__name__: _message_ref(struct) for struct in (*CLIENT_FRAMES, *SERVER_FRAMES)},
    }


def _operations() -> Document:
    operations: Document = {
        f"{service}.{verb}.{topic.name}": {"action": verb, "channel": {"$ref": f"#/channels/{topic.name}"}}
        for topic in TOPICS
        for verb, services in (("send", topic.producers), ("receive", topic.consumers))
        for service in services
    }
    for verb, frames in (("receive", CLIENT_FRAMES), ("send", SERVER_FRAMES)):
        operations[f"gateway.{verb}.websocket"] = {
            "action": verb,
            "channel": {"$ref": "#/channels/websocket"},
            "messages": [{"$ref": f"#/channels/websocket/messages/{frame.__name__}"} for frame in frames],
        }
    return operations


def _message(struct: type[msgspec.Struct]) -> Document:
    return {
        "name": str(struct.__struct_config__.tag),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{struct.__name__}"},
    }


def _message_ref(struct: type[msgspec.Struct]) -> Document:
    return {"$ref": f"#/components/messages/{struct.__name__}"}


def _text(document: Document | list[Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def stale() -> list[str]:
    """Names of generated files that are missing or not what the code says."""
    current = {name: _text(document) for name, document in documents().items()}
    return [name for name, text in current.items() if not _is_written(GENERATED / name, text)]


def _is_written(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def write() -> None:
    """Write all generated files."""
    GENERATED.mkdir(exist_ok=True)
    for name, document in documents().items():
        (GENERATED / name).write_text(_text(document), encoding="utf-8")


def main() -> int:
    """The command line; 0, or 1 when `--check` found something stale."""
    parser = argparse.ArgumentParser(prog="python -m contracts.schema", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether the files are current")
    if not parser.parse_args().check:
        write()
        return 0
    out_of_date = stale()
    for name in out_of_date:
        sys.stderr.write(f"contracts/generated/{name} is not current: run python -m contracts.schema\n")
    return 1 if out_of_date else 0


if __name__ == "__main__":
    sys.exit(main())
