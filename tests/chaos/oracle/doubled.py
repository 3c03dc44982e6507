"""Rule 5: without a key a message appears at most once, unless its sender was told UNAVAILABLE and sent again."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.journal import Refused, Sent
from tests.chaos.oracle.evidence import Evidence, Violation


def violations(evidence: Evidence) -> Iterator[Violation]:
    """Messages that are there more often than they were sent with good reason."""
    sent = Counter(entry.tag for entry in evidence.journal if isinstance(entry, Sent) and not entry.keyed)
    unknown = {entry.tag for entry in evidence.journal if isinstance(entry, Refused) and entry.code == "UNAVAILABLE"}
    for room, told in evidence.rooms.items():
        copies = Counter(posted.tag for posted in told.posted if not posted.keyed)
        for posted in told.posted:
            allowed = sent[posted.tag] if posted.tag in unknown else 1
            if not posted.keyed and posted.tag in sent and copies[posted.tag] > allowed:
                copies[posted.tag] = 0
                what = "sent without a key, and there more than once"
                yield Violation(5, what, room, posted.message, posted.sender, posted.place)
