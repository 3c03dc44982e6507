"""What a try may end with: each as the `outcome` that the metric shows, and whether it is a failure."""

from typing import Literal

Outcome = Literal["delivered", "unreachable", "refused", "cut", "not_acknowledged", "not_delivered"]
"""`unreachable`: a door does not answer, or with 5xx. `refused`: it answers that it will not (a token, a profile, the
room). `cut`: a connection was lost without a reason that a client expects. `not_acknowledged`: no ACK in time.
`not_delivered`: acknowledged, and not at the other connection in time."""


class ProbeFailed(Exception):
    """A try has failed, as `outcome` says; the text never holds a token or a message."""

    code = "PROBE_FAILED"
    retryable = True

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(text)
        self.outcome: Outcome = outcome


class Returned(Exception):
    """The server closed a connection as it may at any time: one comes back at once, and nothing has failed."""

    code = "RETURNED"
    retryable = True

    def __init__(self, close_code: int) -> None:
        super().__init__(f"closed with {close_code}")
        self.close_code = close_code
