"""The topics (spec 11) as resources of Strimzi, as `kaiwa topics` wants them in production."""

from typing import Any

from chassis.settings import KafkaSettings
from chassis.topic_checks import Plan, plans

CLUSTER = "kaiwa"


def kafka_topics(partitions: int) -> list[dict[str, Any]]:
    """A KafkaTopic for each topic; `partitions` is the site's KAIWA_PARTITIONS."""
    settings = KafkaSettings(kafka_bootstrap="unused:9092", partitions=partitions)
    return [_resource(plan) for plan in plans(settings, production=True)]


def _resource(plan: Plan) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaTopic",
        "metadata": {"name": plan.topic, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {"partitions": plan.partitions, "replicas": plan.replication, "config": dict(plan.configs)},
    }
