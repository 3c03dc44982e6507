"""Rule 7: each submission has exactly one verdict, and no fact contradicts another (spec 5 and 11)."""

from collections import defaultdict
from collections.abc import Iterator

from chassis.records import Record
from contracts.facts import Fact, MessageRejected
from contracts.headers import DEAD_OFFSET, DEAD_PARTITION, DEAD_TOPIC
from contracts.topics import DEAD_LETTERS, ROOMS, SUBMISSIONS
from tests.chaos.oracle.evidence import Evidence, Violation
from tests.chaos.oracle.rooms import fact_of, place_of

Verdicts = dict[tuple[int, int], dict[bytes, Record]]


def violations(evidence: Evidence) -> Iterator[Violation]:
    """Submissions without a verdict or with two, facts out of order, refusals of what was allowed."""
    verdicts = _verdicts(evidence)
    yield from _undecided(evidence, verdicts)
    for (partition, offset), values in verdicts.items():
        if len(values) > 1:
            *_, last = values.values()
            fact = fact_of(last)
            room = None if fact is None else fact.chat_room_id
            what = f"{len(values)} verdicts on {SUBMISSIONS.name}/{partition}/{offset}"
            yield Violation(7, what, room, place=place_of(last))
    yield from _out_of_order(evidence)
    yield from _wrongly_refused(evidence)


def _verdicts(evidence: Evidence) -> Verdicts:
    """The different facts on each submission, each where it first stands."""
    verdicts: Verdicts = defaultdict(dict)
    for record in evidence.of(ROOMS):
        fact = fact_of(record)
        if fact is not None and record.value is not None:
            verdicts[fact.submission.partition, fact.submission.offset].setdefault(record.value, record)
    return verdicts


def _undecided(evidence: Evidence, verdicts: Verdicts) -> Iterator[Violation]:
    if not evidence.is_drained:
        return
    dead = {_origin(record) for record in evidence.of(DEAD_LETTERS)}
    for record in evidence.of(SUBMISSIONS):
        if (record.partition, record.offset) not in verdicts and place_of(record) not in dead:
            room = (record.key or b"").decode("utf-8", "replace")
            yield Violation(7, "a submission without a verdict", room, place=place_of(record))


def _origin(record: Record) -> str:
    parts = (record.header(name) or b"" for name in (DEAD_TOPIC, DEAD_PARTITION, DEAD_OFFSET))
    return "/".join(part.decode("utf-8", "replace") for part in parts)


def _out_of_order(evidence: Evidence) -> Iterator[Violation]:
    for room, told in evidence.rooms.items():
        highest = -1
        for one in told.facts:
            fact: Fact = one.fact
            if fact.submission.offset < highest:
                yield Violation(7, f"a fact on {fact.submission.offset} after one on {highest}", room, place=one.place)
            highest = max(highest, fact.submission.offset)


def _wrongly_refused(evidence: Evidence) -> Iterator[Violation]:
    for room, told in evidence.rooms.items():
        for one in told.facts:
            fact = one.fact
            if isinstance(fact, MessageRejected) and fact.code == "NOT_A_PARTICIPANT" and fact.sender_id in one.people:
                what = "refused as no participant, and was one"
                yield Violation(7, what, room, client=fact.sender_id, place=one.place)
