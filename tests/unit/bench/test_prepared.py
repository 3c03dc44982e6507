import struct

from bench.load.prepared import BINARY, PAYLOAD_BYTES, blobs, frame, handshake, payload, post
from bench.peers.dialects import Dialect, centrifuge, centrifuge_over_http, nats, plain, serverless, socketio


def test_a_payload_is_of_its_size_and_says_its_run_and_number() -> None:
    assert len(payload(3, 12_345)) == PAYLOAD_BYTES
    assert payload(3, 12_345).startswith("@kb:0003:00012345@x")


def test_a_short_frame_is_masked_with_zeros() -> None:
    assert frame("hi") == b"\x81\x82\0\0\0\0hi"


def test_a_frame_of_126_bytes_or_more_has_its_length_in_two() -> None:
    assert frame("x" * 200, BINARY)[:8] == b"\x82\xfe\x00\xc8\0\0\0\0"


def test_no_two_connections_share_a_key() -> None:
    assert handshake("/", 1) != handshake("/", 2)


def test_a_request_tells_the_length_of_its_body() -> None:
    assert post("/a", [("Host", "h")], b"body") == b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"


def test_blobs_stand_behind_their_lengths() -> None:
    assert blobs([b"ab", b""]) == struct.pack("<I", 2) + b"ab" + struct.pack("<I", 0)


def test_each_peer_is_sent_the_same_payload() -> None:
    dialects: list[Dialect] = [plain(), nats(), centrifuge(), centrifuge_over_http(), socketio(), serverless()]
    assert all(payload(1, 7).encode() in each.publication(1, 7) for each in dialects)
