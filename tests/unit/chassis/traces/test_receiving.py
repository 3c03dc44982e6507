"""The spans of a run loop's records: one each, whatever becomes of the batches that they come in."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.assignment import Assignment
from chassis.batches import BatchRunner, Handled
from chassis.health import Health
from chassis.records import Outgoing, Record
from chassis.table_errors import TableUnavailable
from chassis.traces.receiving import Receiving
from tests.doubles.traces import Kept, carried, is_under, said, traceparent

PLACE = TopicPartition("chat.submissions", 3)
UNRECORDED = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
PROCESS = "process chat.submissions"


class Bad(Exception):
    code = "BAD"
    retryable = False


class Publisher:
    def __init__(self) -> None:
        self.published: list[Outgoing] = []

    async def publish(self, messages: Sequence[Outgoing]) -> list[Any]:
        self.published += messages
        return []


class Loop:
    """The part of a run loop that runs batches, with traces."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.receiving = Receiving(self.kept.traces, "persistence")
        self.publisher = Publisher()
        self.seen: list[list[Record]] = []
        self.answers: list[Any] = []
        assignment = Assignment()
        assignment.assigned([PLACE])
        self.runner = BatchRunner(
            "loop",
            self.handle,
            self.publisher,  # type: ignore[arg-type]
            Health(),
            self.refuse,
            assignment,
            receiving=self.receiving,
        )

    async def handle(self, batch: Sequence[Record]) -> Handled:
        self.seen.append(list(batch))
        answer = self.answers.pop(0) if self.answers else Handled()
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Handled)
        return answer

    async def refuse(self, record: Record, _error: Exception) -> Handled:
        return Handled([Outgoing("chat.rooms", "lobby", b"no", record.headers)])

    async def run(self, *batch: Record) -> list[Record]:
        """As the loop does; what was not taken."""
        _, rest = await self.runner.run(list(batch))
        self.runner.finish(batch[: len(batch) - len(rest)])
        return rest


def record(offset: int, traceparent: bytes | None) -> Record:
    headers = () if traceparent is None else (("traceparent", traceparent),)
    return Record(PLACE.topic, PLACE.partition, offset, 0, b"lobby", b"secret words", headers)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_time(*_: object) -> None: ...

    monkeypatch.setattr("chassis.backoff.Backoff.wait", no_time)


async def test_each_record_of_a_recorded_trace_has_a_span_of_its_own_in_its_own_trace() -> None:
    loop = Loop()
    roots = [loop.kept.root() for _ in range(2)]
    records = [
        record(7, roots[0].traceparent),
        record(8, UNRECORDED),
        record(9, roots[1].traceparent),
        record(10, None),
    ]
    await loop.run(*records)
    first, second = loop.kept.spans
    assert [is_under(span, root.traceparent) for span, root in zip((first, second), roots, strict=True)] == [True, True]
    assert said(first) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "chat.submissions",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 7,
        "messaging.consumer.group.name": "persistence",
    }
    ((one, two, three, four),) = loop.seen
    assert (carried(one.headers), carried(three.headers)) == (traceparent(first), traceparent(second))
    assert (two, four) == (records[1], records[3])
    assert len(loop.receiving) == 0


async def test_a_record_that_is_handled_again_keeps_its_span() -> None:
    loop = Loop()
    root = loop.kept.root()
    loop.answers = [TableUnavailable("away"), Handled()]
    await loop.run(record(7, root.traceparent))
    assert len(loop.seen) == 2
    assert loop.kept.names == [PROCESS]
    assert "error.type" not in said(loop.kept.one(PROCESS))


async def test_what_is_not_taken_comes_again_as_it_was_read_and_under_the_same_span() -> None:
    loop = Loop()
    root = loop.kept.root()
    loop.answers = [Handled(taken=1)]
    rest = await loop.run(record(7, None), record(8, root.traceparent))
    assert rest == [record(8, root.traceparent)]
    assert loop.kept.names == []
    await loop.run(*rest)
    assert [carried(batch[-1].headers) for batch in loop.seen] == [traceparent(loop.kept.one(PROCESS))] * 2


async def test_what_is_put_aside_ends_with_its_error_and_its_answer_goes_on_from_it() -> None:
    loop = Loop()
    root = loop.kept.root()
    loop.answers = [Bad("secret words")]
    await loop.run(record(7, root.traceparent))
    ended = loop.kept.one(PROCESS)
    assert said(ended)["error.type"] == "BAD"
    letter, answer = loop.publisher.published
    assert letter.topic == "chat.dead-letters"
    assert dict(letter.headers)["traceparent"] == root.traceparent, "the letter is the record as it was read"
    assert carried(answer.headers) == traceparent(ended)
    assert b"secret" not in str(ended.to_json()).encode()


async def test_a_partition_that_goes_takes_the_spans_of_its_records_along() -> None:
    loop = Loop()
    taken = record(7, loop.kept.root().traceparent)
    loop.receiving.begin([taken])
    loop.runner.forget([taken])
    assert said(loop.kept.one(PROCESS))["error.type"] == "REVOKED"
    assert len(loop.receiving) == 0
