import json
import logging
from collections.abc import Iterator

import jwt
import pytest

from chassis import logs

TOKEN = jwt.encode({"sub": "alice", "aud": "kaiwa"}, "x" * 32, algorithm="HS256")


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator["Lines"]:
    handlers, level = logging.root.handlers, logging.root.level
    yield Lines(capsys)
    logging.root.handlers = handlers
    logging.root.setLevel(level)


def raise_with(text: str) -> None:
    raise RuntimeError(f"bad token {text}")


class Lines:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def begin(self) -> None:
        """In the test itself: the stream of a fixture's phase is another."""
        logs.setup("test")

    def all(self) -> str:
        return self._capsys.readouterr().out


def test_a_line_is_json_with_level_logger_and_time(lines: Lines) -> None:
    lines.begin()
    logs.get_logger("kaiwa.test").info("hello", room="lobby")
    line = json.loads(lines.all())
    assert (line["event"], line["level"], line["logger"], line["room"]) == ("hello", "info", "kaiwa.test", "lobby")
    assert "timestamp" in line


def test_no_token_is_shown_wherever_it_stands(lines: Lines) -> None:
    lines.begin()
    log = logs.get_logger("kaiwa.test")
    log.info(f"in the event {TOKEN}")
    log.info("in a field", url=f"ws://h/prod?token={TOKEN}&features=read", nested={"list": [TOKEN]}, raw=TOKEN.encode())
    log.info("by the field's name", token="short", authorization="Basic abc", sasl_password="hunter2")
    log.info("in an object", thing=ValueError(TOKEN))
    log.info("as a bearer", header="Bearer opaque-token-without-dots")
    logging.getLogger("other.library").warning("GET /prod?token=%s HTTP/1.1", "opaque")
    try:
        raise_with(TOKEN)
    except RuntimeError:
        log.exception("in a traceback")
    written = lines.all()
    assert written.count("[redacted]") >= 9
    for secret in (TOKEN, TOKEN.rsplit(".", 1)[1], "short", "Basic abc", "hunter2", "opaque"):
        assert secret not in written


def test_dotted_names_stay_readable() -> None:
    assert logs.redact("services.persistence.decide_module.example-host.internal") == (
        "services.persistence.decide_module.example-host.internal"
    )
