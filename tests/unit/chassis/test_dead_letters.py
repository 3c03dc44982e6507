from chassis.dead_letters import dead_letter
from chassis.records import Record


def headers_of(record: Record, error: Exception) -> dict[str, bytes]:
    return dict(dead_letter(record, error).headers)


def test_the_record_is_untouched_and_the_headers_say_where_it_stood_and_why() -> None:
    record = Record("chat.rooms", 3, 7, 0, b"lobby", b"\xff", (("traceparent", b"t"),))
    letter = dead_letter(record, ValueError("not JSON"))
    assert (letter.topic, letter.key, letter.value) == ("chat.dead-letters", b"lobby", b"\xff")
    assert dict(letter.headers) == {
        "traceparent": b"t",
        "kaiwa-topic": b"chat.rooms",
        "kaiwa-partition": b"3",
        "kaiwa-offset": b"7",
        "kaiwa-error-code": b"ValueError",
        "kaiwa-error": b"ValueError: not JSON",
    }


def test_a_record_without_key_and_value_can_be_written() -> None:
    assert dead_letter(Record("t", 0, 0, 0, None, None), ValueError()).key == b""


def test_a_long_reason_is_cut_and_a_token_in_it_is_hidden() -> None:
    record = Record("t", 0, 0, 0, None, b"")
    assert len(headers_of(record, ValueError("x" * 9_000))["kaiwa-error"]) == 500
    assert b"eyJhbGciOi" not in headers_of(record, ValueError("eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"))["kaiwa-error"]
