"""Structured logs that cannot show a token (spec 2).

Everything that looks like a JWT, and every value of `token`, `authorization`, `password` or `secret`, is replaced
before a line is written, wherever it stands: in the event, a field, a traceback, a line of another library.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

REDACTED = "[redacted]"
_JWT = re.compile(r"[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}")
_QUERY_TOKEN = re.compile(r"(token=)[^&\s\"']+", re.IGNORECASE)
_BEARER = re.compile(r"(bearer\s+)[^\s\"']+", re.IGNORECASE)
_SECRET_NAMES = ("token", "authorization", "password", "secret")


def redact(text: str) -> str:
    """`text` without tokens."""
    text = _JWT.sub(_redact_jwt, text)
    return _BEARER.sub(rf"\1{REDACTED}", _QUERY_TOKEN.sub(rf"\1{REDACTED}", text))


def _redact_jwt(match: re.Match[str]) -> str:
    # Base64url of `{"` — other dotted words (module paths, host names) stay readable.
    return REDACTED if match.group().startswith("ey") else match.group()


def _clean(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, bytes):
        return redact(value.decode("utf-8", "replace"))
    if isinstance(value, dict):
        return {key: _clean_field(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def _clean_field(name: str, value: object) -> object:
    if any(secret in name.lower() for secret in _SECRET_NAMES) and isinstance(value, str | bytes):
        return REDACTED
    return _clean(value)


def _redaction(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _clean_field(key, value) for key, value in event.items()}


def setup(process: str, *, level: str = "info", form: Literal["json", "text"] = "json") -> None:
    """Send all logs, other libraries' too, as redacted lines to standard output."""
    renderer: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=_plain_traceback)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _redaction,
                renderer,
            ],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(level.upper())
    _quieten()


def _quieten() -> None:
    # These speak of every request or every fetch at INFO.
    for name in ("aiokafka", "kafka", "botocore", "urllib3", "faust", "mode", "uvicorn.access", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))
    logging.getLogger("uvicorn.access").disabled = True


def _plain_traceback(stream: Any, exc_info: Any) -> None:
    structlog.dev.plain_traceback(stream, exc_info)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
