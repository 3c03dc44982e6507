import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ids

ID_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@:-"
an_id = st.text(ID_CHARACTERS, min_size=1, max_size=64)
anything = st.one_of(
    st.text(max_size=70), an_id, an_id.map(lambda text: text + "\n"), an_id.map(lambda text: "#" + text)
)


def accepts(kind: object, text: str) -> bool:
    try:
        msgspec.json.decode(msgspec.json.encode(text), type=kind)
    except msgspec.ValidationError:
        return False
    return True


@given(an_id)
def test_an_id_has_1_to_64_of_its_characters(text: str) -> None:
    assert ids.is_id(text)


@pytest.mark.parametrize("text", ["", "a" * 65, "a#b", "a b", "a/b", "ä", "a\n", "\n", "a\x00", "１"])
def test_what_could_break_a_key_is_no_id(text: str) -> None:
    assert not ids.is_id(text)


@given(anything)
def test_a_frame_accepts_the_ids_that_is_id_accepts_and_no_others(text: str) -> None:
    assert accepts(ids.Id, text) == ids.is_id(text)
    assert accepts(ids.ClientMessageId, text) == ids.is_client_message_id(text)
    assert accepts(ids.ConnectionId, text) == ids.is_connection_id(text)


@given(st.binary(min_size=4, max_size=4))
def test_a_connection_id_has_the_shape_of_api_gateway_and_names_its_epoch(epoch: bytes) -> None:
    connection_id = ids.new_connection_id(epoch.hex())
    assert re.fullmatch(r"[A-Za-z0-9_-]{15}=", connection_id)
    assert ids.is_connection_id(connection_id)
    assert ids.epoch_of(connection_id) == epoch.hex()


def test_connection_ids_differ() -> None:
    assert len({ids.new_connection_id("2fa4b0c1") for _ in range(1_000)}) == 1_000


def test_an_epoch_is_4_bytes_as_8_hex_digits() -> None:
    assert accepts(ids.Epoch, ids.new_epoch())
    assert not accepts(ids.Epoch, "2FA4B0C1")
    assert not accepts(ids.Epoch, "2fa4b0c1\n")


def test_the_connection_id_of_the_source_design_is_one_here() -> None:
    assert ids.is_connection_id("L0SM9cOFvHcCIhw=")
    assert not ids.is_connection_id("L0SM9cOFvHcCIhw")
    assert not ids.is_connection_id("L0SM9cOFvHcCIhw=\n")


def test_the_message_id_of_a_key_never_changes() -> None:
    for event_id in ("one", "another"):
        message_id = ids.message_id("alice", "lobby", client_message_id="k-1", event_id=event_id)
        assert message_id == "90e6b12f-2499-5ce3-89e8-db09f3d9a4b2"


def test_the_message_id_without_a_key_is_that_of_its_submission() -> None:
    assert (
        ids.message_id("alice", "lobby", client_message_id=None, event_id="e-1")
        == "4b9ec30d-bef3-5b49-b450-0fa1c6ba9cdb"
    )
    assert (
        ids.message_id("bob", "den", client_message_id=None, event_id="e-1") == "4b9ec30d-bef3-5b49-b450-0fa1c6ba9cdb"
    )


def test_the_fact_of_a_submission_has_the_same_id_at_every_redelivery() -> None:
    assert ids.derived_event_id("e-1") == "7d802069-7dc4-5fad-addb-0a752ca57de0"
    assert ids.derived_event_id("e-1", 1) == "0c1e38d7-8995-5ce1-b9c1-3b0ae0a1a019"


@given(st.lists(st.tuples(an_id, an_id, an_id), min_size=2, max_size=2, unique=True))
def test_different_senders_rooms_or_keys_have_different_messages(triples: list[tuple[str, str, str]]) -> None:
    first, second = (ids.message_id(sender, room, client_message_id=key, event_id="e") for sender, room, key in triples)
    assert first != second
