"""The `websockets` library's state machine, refusing and closing in the contract's words."""

import logging
from typing import Any, Final

from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from contracts.close_codes import CLOSE_CODES
from gateway import metrics
from gateway.refusals import not_a_handshake

# The debug lines of the core hold the handshake's address and the frames: tokens and messages.
_quiet = logging.getLogger("kaiwa.websocket")
_quiet.setLevel(logging.WARNING)

_REASONS: Final = {code.code: code.reason for code in CLOSE_CODES}


def core(max_size: Any, state: State) -> ServerProtocol:
    """A core in `state`; `max_size` as uvicorn's `ws_max_size`: bytes of a message, and of a frame."""
    return _Core(max_size=max_size, state=state, logger=_quiet)


class _Core(ServerProtocol):
    def accept(self, request: Request) -> Response:
        response = super().accept(request)
        if response.status_code == 101:
            return response
        metrics.HANDSHAKES.labels(str(response.status_code)).inc()
        refusal = not_a_handshake(response.status_code)
        headers = Headers({**refusal.all_headers, "content-length": str(len(refusal.body))})
        return Response(refusal.status, response.reason_phrase, headers, refusal.body)

    def fail(self, code: int, reason: str = "") -> None:
        super().fail(code, _REASONS.get(int(code), reason))
