"""`python -m tests.path.leaky_gateway`: a gateway whose libraries say all they can; LEAKY=1: without redaction.

For the test that searches for tokens: it must find them here, or it could not fail.
"""

import os
import sys
from collections.abc import MutableMapping
from typing import Any

from chassis import logs

if os.environ.get("LEAKY") == "1":

    def _as_it_is(text: str) -> str:
        return text

    def _all_of_it(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return event

    logs.redact = _as_it_is
    logs._redaction = _all_of_it

from gateway import app
from gateway.__main__ import main

_quiet = app.Gateway._public_options


def _talkative(self: app.Gateway) -> dict[str, Any]:
    return {**_quiet(self), "log_level": "info"}


app.Gateway._public_options = _talkative  # type: ignore[method-assign]

if __name__ == "__main__":
    sys.exit(main())
