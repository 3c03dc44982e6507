"""What each topic should be (spec 11), and how one that stands differs from it: pure, Kafka is asked elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from chassis.difference import Difference
from chassis.settings import KafkaSettings
from chassis.topic_ids import TopicState
from contracts.limits import DEAD_LETTER_BYTES, KAFKA_RECORD_BYTES
from contracts.topics import DAY_MS, DEAD_LETTERS, HOUR_MS, TOPICS, Topic

PRODUCTION_REPLICATION = 3
PRODUCTION_MIN_INSYNC = 2

# Broker defaults may limit the bytes or elect a replica that is behind: each topic says otherwise for itself.
_MUST_EQUAL = (
    "message.timestamp.type",
    "cleanup.policy",
    "retention.ms",
    "retention.bytes",
    "unclean.leader.election.enable",
)
_MUST_REACH = ("max.message.bytes", "min.insync.replicas")
_TUNING_OF_COMPACTED = {
    # Whole topics are read at every start, so what is superseded goes within the hour; the active segment is never
    # compacted, so it is kept short.
    "segment.ms": str(HOUR_MS // 6),
    "segment.bytes": str(64 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.1",
    # A reader that is a little behind still sees each tick, not only the last.
    "min.compaction.lag.ms": "60000",
    "max.compaction.lag.ms": str(HOUR_MS),
    "delete.retention.ms": str(DAY_MS),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A topic as it should be."""

    topic: str
    partitions: int
    replication: int
    configs: Mapping[str, str]


def plans(settings: KafkaSettings, *, production: bool = False) -> tuple[Plan, ...]:
    """All topics as they should be; `production` raises replication to 3 and `min.insync.replicas` to 2 at least."""
    return tuple(_plan(topic, settings, production) for topic in TOPICS)


def _plan(topic: Topic, settings: KafkaSettings, production: bool) -> Plan:
    replication = max(settings.replication, PRODUCTION_REPLICATION if production else 1)
    insync = max(settings.min_insync_replicas, PRODUCTION_MIN_INSYNC if production else 1)
    return Plan(
        topic=topic.name,
        partitions=1 if topic.single_partition else settings.partitions,
        replication=replication,
        configs={
            "message.timestamp.type": "LogAppendTime",
            "unclean.leader.election.enable": "false",
            # A dead letter is a whole record and its headers: as large as any, and a little more.
            "max.message.bytes": str(DEAD_LETTER_BYTES if topic is DEAD_LETTERS else KAFKA_RECORD_BYTES),
            "min.insync.replicas": str(insync),
            **_keeping(topic),
        },
    )


def _keeping(topic: Topic) -> dict[str, str]:
    if topic.compacted:
        return {"cleanup.policy": "compact", **_TUNING_OF_COMPACTED}
    kept = {"cleanup.policy": "delete", "retention.ms": str(topic.retention_ms), "retention.bytes": "-1"}
    if 0 < topic.retention_ms <= DAY_MS:
        # Only whole segments are deleted: with segments of a week, "one hour" would mean a week.
        kept["segment.ms"] = str(topic.retention_ms // 4)
    return kept


def differences(
    plan: Plan, state: TopicState | None, configs: Mapping[str, str], bootstrap: str = "BOOTSTRAP"
) -> list[Difference]:
    """How the topic that stands (None: it does not) differs from `plan`; `bootstrap` goes into the remedies."""
    if state is None:
        return [Difference(plan.topic, "topic", "there", "missing", "kaiwa topics")]
    return [
        *_partitions(plan, state),
        *_replication(plan, state, bootstrap),
        *(_config(plan, name, configs.get(name, "unset"), bootstrap) for name in _wrong(plan, configs)),
    ]


def _partitions(plan: Plan, state: TopicState) -> list[Difference]:
    found = state.identity.partitions
    if found == plan.partitions:
        return []
    # Never "add partitions": keys would move, and a room's order and positions with them (spec 11).
    if plan.topic in _SINGLE:
        remedy = f"kafka-topics.sh --delete --topic {plan.topic}, then kaiwa topics (with all of Kaiwa stopped)"
    else:
        remedy = f"KAIWA_PARTITIONS={found} (the number is fixed for life; another one means new topics and a rebuild)"
    return [Difference(plan.topic, "partitions", str(plan.partitions), str(found), remedy)]


_SINGLE = frozenset(topic.name for topic in TOPICS if topic.single_partition)


def _replication(plan: Plan, state: TopicState, bootstrap: str) -> list[Difference]:
    if state.replication >= plan.replication:
        return []
    remedy = (
        f"kafka-reassign-partitions.sh --bootstrap-server {bootstrap} --execute --reassignment-json-file FILE"
        f" (FILE names {plan.replication} brokers for each partition of {plan.topic})"
    )
    return [
        Difference(plan.topic, "replication", f"at least {plan.replication}", str(state.replication), remedy),
    ]


def _wrong(plan: Plan, configs: Mapping[str, str]) -> list[str]:
    unequal = [name for name in _MUST_EQUAL if name in plan.configs and configs.get(name) != plan.configs[name]]
    below = [name for name in _MUST_REACH if int(configs.get(name, 0)) < int(plan.configs[name])]
    return unequal + below


def _config(plan: Plan, name: str, found: str, bootstrap: str) -> Difference:
    expected = plan.configs[name]
    remedy = (
        f"kafka-configs.sh --bootstrap-server {bootstrap} --alter --entity-type topics --entity-name {plan.topic}"
        f" --add-config {name}={expected}"
    )
    return Difference(plan.topic, name, f"at least {expected}" if name in _MUST_REACH else expected, found, remedy)
