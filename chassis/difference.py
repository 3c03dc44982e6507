"""One way in which what stands differs from what should."""

from typing import NamedTuple


class Difference(NamedTuple):
    """A topic or a table, what about it differs, and the command that mends it."""

    subject: str
    what: str
    expected: str
    found: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.what} is {self.found}, not {self.expected}; mend it with: {self.remedy}"
