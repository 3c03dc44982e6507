"""The golden files: one for every event and frame, of every version ever written; web tests read the same ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import contracts
from contracts import ids
from contracts.client_frames import CLIENT_FRAMES, decode_client_frame
from contracts.envelope import encode, type_of, version_of
from contracts.facts import MessagePosted
from contracts.schema import GENERATED
from contracts.server_frames import SERVER_FRAMES, decode_server_frame, encode_frame
from contracts.submissions import SendMessage
from contracts.topics import BY_NAME, ROOMS, SUBMISSIONS, TOPICS

EXAMPLES = Path(contracts.__file__).parent / "examples"
EVENTS = sorted(EXAMPLES.glob("events/*/*.json"))
CLIENT = sorted(EXAMPLES.glob("frames/client/*.json"))
SERVER = sorted(EXAMPLES.glob("frames/server/*.json"))


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(EXAMPLES)) for path in paths])


def compact(path: Path) -> bytes:
    """The file's JSON as our encoder writes it: the order of the fields counts."""
    return json.dumps(json.loads(path.read_bytes()), ensure_ascii=False, separators=(",", ":")).encode()


def schema(name: str) -> Any:
    return json.loads((GENERATED / name).read_bytes())


def strictly(document: Any) -> Any:
    """The schema with every object closed, so that a misspelt optional field in an example is found."""
    if isinstance(document, dict):
        closed = {key: strictly(value) for key, value in document.items()}
        return closed | ({"additionalProperties": False} if "properties" in closed else {})
    return [strictly(item) for item in document] if isinstance(document, list) else document


def test_every_event_has_an_example_of_its_version() -> None:
    expected = {f"{topic.name}/{type_of(e)}.v{version_of(e)}.json" for topic in TOPICS for e in topic.events}
    assert expected <= {str(path.relative_to(EXAMPLES / "events")) for path in EVENTS}


def test_every_frame_has_an_example() -> None:
    assert {str(frame.__struct_config__.tag) for frame in CLIENT_FRAMES} == {path.name.split(".")[0] for path in CLIENT}
    assert {str(frame.__struct_config__.tag) for frame in SERVER_FRAMES} == {path.name.split(".")[0] for path in SERVER}


def test_every_optional_field_of_an_event_is_absent_in_one_of_its_examples() -> None:
    for topic in TOPICS:
        for event in topic.events:
            fields = [frozenset(json.loads(path.read_bytes())) for path in EVENTS if path.match(f"{type_of(event)}.*")]
            always = _optional_fields(event) & frozenset.intersection(*fields)
            assert not always, f"{type_of(event)}: no example without {always}"


def _optional_fields(event: type[Any]) -> set[str]:
    properties = schema("events.schema.json")["$defs"][event.__name__]
    return {f for f, s in properties["properties"].items() if f not in properties["required"] and "default" not in s}


@named(EVENTS)
def test_an_example_of_an_event_reads_and_writes_back_to_the_same_json(path: Path) -> None:
    event = BY_NAME[path.parent.name].decode(path.read_bytes())
    name, version = path.name.split(".")[:2]
    assert (type_of(type(event)), f"v{event.version}") == (name, version)
    assert encode(event) == compact(path)


@named(CLIENT)
def test_an_example_of_a_client_frame_reads_and_writes_back_to_the_same_json(path: Path) -> None:
    assert encode_frame(decode_client_frame(path.read_bytes())) == compact(path)


@named(SERVER)
def test_an_example_of_a_server_frame_reads_and_writes_back_to_the_same_json(path: Path) -> None:
    assert encode_frame(decode_server_frame(path.read_bytes())) == compact(path)


@pytest.mark.parametrize("strictness", [lambda document: document, strictly], ids=["open", "closed"])
def test_the_examples_follow_the_generated_json_schema(strictness: Callable[[Any], Any]) -> None:
    for name, paths in (("events", EVENTS), ("client-frames", CLIENT), ("server-frames", SERVER)):
        document = strictness(schema(f"{name}.schema.json"))
        validator = jsonschema.Draft202012Validator(document)
        for path in paths:
            validator.validate(json.loads(path.read_bytes()))


def test_the_message_ids_of_the_examples_are_the_computed_ones() -> None:
    for variant in ("", ".minimal"):
        sent = SUBMISSIONS.decode(_event("chat.submissions", f"sendMessage.v1{variant}"))
        posted = ROOMS.decode(_event("chat.rooms", f"messagePosted.v1{variant}"))
        assert isinstance(sent, SendMessage)
        assert isinstance(posted, MessagePosted)
        key = sent.client_message_id if isinstance(sent.client_message_id, str) else None
        computed = ids.message_id(sent.sender_id, sent.chat_room_id, client_message_id=key, event_id=sent.event_id)
        assert posted.message_id == computed
        assert posted.event_id == ids.derived_event_id(sent.event_id)


def _event(topic: str, name: str) -> bytes:
    return (EXAMPLES / "events" / topic / f"{name}.json").read_bytes()
