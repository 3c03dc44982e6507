"""What can go wrong on this machine, told in one sentence that says what to do."""

from __future__ import annotations


class LocalClusterError(Exception):
    """The local cluster cannot do what was asked; the text is one sentence and says what to do.

    Commands print the text and exit 1. ``code`` is stable, for programs and tests. Nothing here is worth an automatic
    retry: each names something on this machine that a person changes.
    """

    retryable = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
