"""What a run must be able to show, in nine rules; pure: journal, log and table in, violations out.

evidence.py      what is judged, and a violation
rooms.py         chat.rooms as one order of facts for each room, with who was in it at each message
connections.py   the journal as connections and clients
calm.py          how much of a span no fault was on
kept.py          1  what was acked and not refused is in the log and the table, once
delivered.py     2  who was there got it; who came back has it after catching up
strangers.py     3  nobody got what was posted while they were not in the room
order.py         4  `seq` rises without a hole on each connection; a repeat is the same message
doubled.py       5  without a key a message appears once, unless its sender was told UNAVAILABLE and sent again
folded.py        6  the table is the fold of the facts, row by row
decided.py       7  each submission has one verdict, and no fact contradicts another
remains.py       8  no connection record and no presence survives its connection by more than 60 s
secrets.py       9  no token in any log
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from tests.chaos.oracle import decided, delivered, doubled, folded, kept, order, remains, secrets, strangers
from tests.chaos.oracle.evidence import Evidence, Violation

Rule = Callable[[Evidence], Iterable[Violation]]

RULES: Final[Mapping[int, tuple[str, Rule]]] = {
    1: ("acked and not refused: in the log and the table, exactly once", kept.violations),
    2: ("got by all who were there, and by all who came back after catching up", delivered.violations),
    3: ("nobody got a message from a time when they were not in the room", strangers.violations),
    4: ("seq rises without a hole on each connection; repeats are the same message", order.violations),
    5: ("without a key at most once, unless told UNAVAILABLE and sent again", doubled.violations),
    6: ("the table equals the fold of the facts, row by row", folded.violations),
    7: ("each submission has exactly one verdict, and no fact contradicts another", decided.violations),
    8: ("no connection record or presence survives its connection by more than 60 s", remains.violations),
    9: ("no token in any log", secrets.violations),
}


def judge(evidence: Evidence) -> list[Violation]:
    """All violations of all rules, in the order of the rules."""
    return [one for _, rule in RULES.values() for one in rule(evidence)]
