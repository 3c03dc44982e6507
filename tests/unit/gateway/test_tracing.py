import re

from gateway.tracing import traced


def test_every_record_begins_a_trace_of_its_own() -> None:
    ((name, value),) = traced()
    assert name == "traceparent"
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-01", value)
    assert traced() != traced()
