import msgspec

from contracts.connection_api import (
    API_ERRORS,
    GONE,
    MISDIRECTED,
    ConnectionInfo,
    Identity,
    Push,
    PushAnswer,
    PushRequest,
    decode_push_answer,
    decode_push_request,
    encode_bulk,
)

HERE = "L6SwwVzZ2r0rC8E="


def test_gone_has_an_empty_body_and_another_epoch_is_never_gone() -> None:
    assert (GONE.status, GONE.message) == (410, None)
    assert MISDIRECTED.status == 421
    assert [error for error in API_ERRORS if error.status == 410] == [GONE]


def test_a_user_agent_that_is_unknown_is_left_out() -> None:
    info = ConnectionInfo(connected_at="t", identity=Identity(source_ip="203.0.113.7"), last_active_at="t")
    assert msgspec.to_builtins(info) == {
        "connectedAt": "t",
        "identity": {"sourceIp": "203.0.113.7"},
        "lastActiveAt": "t",
    }


def test_a_bulk_push_reads_back_with_its_payloads_untouched_and_in_order() -> None:
    pushes = tuple(Push(payload=f"もの {n}".encode(), connection_ids=(HERE,)) for n in range(3))
    request = PushRequest(
        gateway_id="gateway-1", epoch="2fa4b0c1", worker_id="w", number=7, close=(HERE,), pushes=pushes
    )
    assert decode_push_request(encode_bulk(request)) == request


def test_an_answer_to_a_bulk_push_reads_back() -> None:
    answer = PushAnswer(gone=(HERE,))
    assert decode_push_answer(encode_bulk(answer)) == answer


def test_a_push_of_another_release_is_read_whether_it_tells_less_or_more() -> None:
    def request(*push: object) -> bytes:
        values = {"gatewayId": "gateway-1", "epoch": "2fa4b0c1", "workerId": "w", "number": 7, "pushes": [push]}
        return msgspec.msgpack.encode(values)

    assert decode_push_request(request(b"x", [HERE])).pushes == (Push(b"x", (HERE,)),)
    assert decode_push_request(request(b"x", [HERE], 5, "more")).pushes == (Push(b"x", (HERE,), 5),)
