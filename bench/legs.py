"""Where the time of one message goes, leg by leg.

    sender ─▶ gateway ─▶ [chat.submissions] ─▶ persistence, table ─▶ [chat.rooms] ─▶ fan-out ─▶ gateway ─▶ receiver

The borders are the broker's append times (whole milliseconds, one clock for one machine); what happens within a leg is
taken from the means that the processes count for themselves.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer
from prometheus_client.parser import text_string_to_metric_families

from bench.figures import Latencies
from bench.guests import House
from bench.latency import Idle, Sample
from contracts.facts import MessagePosted
from contracts.submissions import SendMessage
from contracts.topics import ROOMS, SUBMISSIONS, Topic

TOLD_BY: Mapping[str, Sequence[str]] = {
    "gateway-1": ("kaiwa_publish_seconds",),
    "persistence": ("kaiwa_handle_seconds", "kaiwa_table_seconds", "kaiwa_publish_seconds"),
    "fanout": ("kaiwa_fact_routed_seconds", "kaiwa_push_request_seconds"),
}

Sums = dict[tuple[str, str], tuple[float, float]]
"""(process, metric) to (seconds, count)."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the path."""

    name: str
    time: Latencies


async def legs_of(house: House, idle: Idle) -> list[Leg]:
    """The legs of the messages that were measured."""
    submitted, decided = await _appended(house, SUBMISSIONS, idle.room), await _appended(house, ROOMS, idle.room)
    whole = [one for one in idle.samples if one.key in submitted and one.key in decided]
    return [
        _leg("client → gateway → chat.submissions appended", whole, lambda one: submitted[one.key] - one.sent),
        _leg("  appended → ACK at the client", whole, lambda one: one.acknowledged - submitted[one.key]),
        _leg(
            "chat.submissions → decided → chat.rooms appended", whole, lambda one: decided[one.key] - submitted[one.key]
        ),
        _leg("chat.rooms → fan-out → gateway → client", whole, lambda one: one.received - decided[one.key]),
    ]


async def counted(house: House) -> Sums:
    """What the processes have counted so far."""
    sums: Sums = {}
    for process, metrics in TOLD_BY.items():
        for name, total, count in _histograms(await house.metrics(process), metrics):
            sums[process, name] = (total, count)
    return sums


def means_ms(before: Sums, after: Sums) -> dict[tuple[str, str], float]:
    """The mean of each between two counts, in milliseconds; what did not happen is left out."""
    means = {}
    for key, (total, count) in after.items():
        total_before, count_before = before.get(key, (0.0, 0.0))
        if count > count_before:
            means[key] = (total - total_before) / (count - count_before) * 1000
    return means


def _leg(name: str, samples: Iterable[Sample], seconds: Callable[[Sample], float]) -> Leg:
    return Leg(name, Latencies.of(map(seconds, samples)))


async def _appended(house: House, topic: Topic, room: str) -> dict[str, float]:
    """When the broker appended each message of a room, in seconds since the epoch, by its clientMessageId."""
    times: dict[str, float] = {}
    async with AIOKafkaConsumer(
        topic.name, bootstrap_servers=house.described["kafkaBootstrap"], auto_offset_reset="earliest"
    ) as consumer:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    if record.key == room.encode() and (key := _key_in(topic, record.value)) is not None:
                        times[key] = record.timestamp / 1000
    return times


def _key_in(topic: Topic, value: bytes) -> str | None:
    event = topic.decode(value)
    if isinstance(event, SendMessage | MessagePosted) and isinstance(event.client_message_id, str):
        return event.client_message_id
    return None


def _histograms(text: str, metrics: Sequence[str]) -> Iterable[tuple[str, float, float]]:
    """Name (with its labels), seconds and count of each histogram."""
    for family in text_string_to_metric_families(text):
        if family.name not in metrics:
            continue
        values = {(s.name.removeprefix(family.name), tuple(sorted(s.labels.items()))): s.value for s in family.samples}
        for (kind, labels), value in values.items():
            if kind == "_sum":
                name = " ".join([family.name, *(label for _, label in labels)])
                yield name, value, values["_count", labels]
