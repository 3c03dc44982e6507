import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.ids import is_id
from services.persistence.api.shapes import DisplayName, IdText, NewRoom, RoomName, fitting_name

an_id, room_name, display_name = (TypeAdapter[str](shape) for shape in (IdText, RoomName, DisplayName))
any_text = st.text(st.characters(), max_size=250)


def accepts(shape: TypeAdapter[str], text: str) -> bool:
    try:
        return shape.validate_python(text) == text
    except ValidationError:
        return False


@given(st.one_of(any_text, st.from_regex(r"[A-Za-z0-9_.@:\-]{1,64}\n?", fullmatch=True)))
def test_the_ids_of_the_contract_are_accepted_and_no_others(text: str) -> None:
    assert accepts(an_id, text) == is_id(text)


@given(any_text)
def test_what_is_accepted_as_a_name_can_be_written_and_shown(text: str) -> None:
    if accepts(room_name, text):
        assert 1 <= len(text) <= 200
        assert text.strip()
        assert text.encode("utf-8")


@pytest.mark.parametrize("text", ["x", "花子", "a" * 100, "全角\u3000名", "👩‍👧", "Ł. O'Neil-Ñandú"])
def test_peoples_names_are_accepted(text: str) -> None:
    assert accepts(display_name, text)


@pytest.mark.parametrize("text", ["", " ", "\u3000\t", "a" * 101, "a\x1b[31m", "a\u0000", "\udfff"])
def test_what_is_no_name_is_refused(text: str) -> None:
    assert not accepts(display_name, text)


@given(any_text)
def test_a_token_may_say_anything_and_the_profile_still_has_a_name(text: str) -> None:
    assert accepts(display_name, fitting_name(text, otherwise="alice"))


def test_fields_that_are_not_known_are_ignored() -> None:
    assert NewRoom.model_validate({"name": "n", "colour": "red"}).participant_ids == []
