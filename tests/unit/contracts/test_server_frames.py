import json

from contracts.server_frames import (
    SERVER_FRAMES,
    AckFrame,
    MessageFrame,
    VerificationRequiredFrame,
    decode_server_frame,
    encode_frame,
)


def test_the_frames_are_those_of_the_specification() -> None:
    assert {str(frame.__struct_config__.tag) for frame in SERVER_FRAMES} == {
        "MESSAGE",
        "VERIFICATION_REQUIRED",
        "ACK",
        "ERROR",
        "PONG",
        "TOKEN_REFRESHED",
        "READ",
        "TYPING",
        "PRESENCE",
        "ROOM",
    }


def test_what_is_absent_does_not_appear_on_the_wire() -> None:
    frame = VerificationRequiredFrame(message="本人確認が必要です")
    assert encode_frame(frame) == '{"type":"VERIFICATION_REQUIRED","message":"本人確認が必要です"}'.encode()


def test_the_message_type_is_user_unless_said_otherwise() -> None:
    frame = MessageFrame(
        message_id="m", chat_room_id="r", sender_id="u", content="hi", created_at="t", timestamp=1, seq=1
    )
    assert json.loads(encode_frame(frame))["messageType"] == "user"


def test_a_frame_reads_back() -> None:
    ack = AckFrame(message_id="m", client_message_id="k", chat_room_id="r")
    assert decode_server_frame(encode_frame(ack)) == ack
