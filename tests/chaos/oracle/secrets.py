"""Rule 9: no token in any log (spec 2)."""

from collections.abc import Iterator

from tests.chaos.oracle.evidence import Evidence, Violation


def violations(evidence: Evidence) -> Iterator[Violation]:
    """What looks like a token, or is one that was issued."""
    for where, begins in evidence.tokens:
        yield Violation(9, f"a token that begins with {begins[:8]}…", place=where)
