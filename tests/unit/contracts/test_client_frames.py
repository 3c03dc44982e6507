import json

import msgspec
import pytest

from contracts.client_frames import ACTIONS, PingFrame, RefreshTokenFrame, SendMessageFrame, decode_client_frame


def decode(**frame: object) -> object:
    return decode_client_frame(json.dumps(frame))


def test_the_actions_are_those_of_the_specification() -> None:
    assert {"sendMessage", "markRead", "refreshToken", "typing", "ping"} == ACTIONS


def test_the_action_is_exact_and_case_sensitive() -> None:
    for action in ("SendMessage", "sendmessage", "sendMessage ", "$connect", "$disconnect", "", None, 7):
        with pytest.raises(msgspec.ValidationError):
            decode(action=action, chatRoomId="r", content="hi")


def test_content_has_1_to_5000_code_points() -> None:
    assert isinstance(decode(action="sendMessage", chatRoomId="r", content="😀" * 5_000), SendMessageFrame)
    for content in ("", "😀" * 5_001):
        with pytest.raises(msgspec.ValidationError):
            decode(action="sendMessage", chatRoomId="r", content=content)


@pytest.mark.parametrize("key", ["", "a" * 65, "a b", "a.b", "a#b", "a\n", None, 1])
def test_a_malformed_idempotency_key_is_refused(key: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(action="sendMessage", chatRoomId="r", content="hi", clientMessageId=key)


def test_fields_of_newer_clients_are_ignored() -> None:
    assert decode(action="ping", mood="happy") == PingFrame()


@pytest.mark.parametrize("number", [-1, 2**53, 1.5, "1"])
def test_a_read_mark_is_a_whole_number_that_a_browser_can_hold(number: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(action="markRead", chatRoomId="r", seq=number)


def test_a_token_is_not_shown_when_its_frame_is_printed() -> None:
    assert "secret" not in repr(RefreshTokenFrame(token="secret"))
