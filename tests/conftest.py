"""What every test may ask for: a deadline instead of a sleep, the real engines, a whole local cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.engines import DynamoDBEngine, Engines, KafkaEngine
from tests import leaks
from tests.waiting import Eventually
from tests.waiting import eventually as wait_for
from tests.workers import CLUSTER, ByFile, scope_of


class RunningEngines:
    """One Kafka and one DynamoDB Local (in memory), shared by all tests of a run: use names of your own in both.

    A test that pauses, stops or kills an engine starts one for itself with ``own``.
    """

    def __init__(self, own: Engines) -> None:
        self.own = own
        self.kafka: KafkaEngine = own.kafka(wait=False)
        self.dynamodb: DynamoDBEngine = own.dynamodb(wait=False)
        self.kafka.wait_ready()
        self.dynamodb.wait_ready()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first; with the cluster, what reads all of its log, while that is short."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if scope_of(item.nodeid.partition("::")[0]) == CLUSTER:
        return 0 if item.path.name.startswith("test_replay") else 1
    return 3 if "unit" in item.path.parts else 2


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """With several workers: see workers.py."""
    return ByFile(config, log)


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """What a test, or a command that it runs in this process, puts into the environment is gone after it."""
    before = _settings()
    yield
    for name in _settings().keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


def _settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("KAIWA_")}


@pytest.fixture(scope="session")
def engines() -> Iterator[RunningEngines]:
    """``engines.kafka.bootstrap`` and ``engines.dynamodb`` (endpoint, region, access_key_id, secret_access_key)."""
    with Engines() as own:
        running = RunningEngines(own)
        yield running
        leaks.search(leaks.records(running.kafka.bootstrap))


@pytest.fixture(scope="module")
def quiet_kafka(engines: RunningEngines) -> Iterator[KafkaEngine]:
    """A broker of this file alone: for whoever reads topics from their beginning, whatever other tests wrote."""
    kafka = engines.own.kafka()
    yield kafka
    leaks.search(leaks.records(kafka.bootstrap))
    kafka.kill()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A whole local cluster with two gateways, nothing kept: the content of its ``cluster.json`` (spec 13).

    Shared by all tests of a run, and started by the first that asks for it: use rooms and users of your own.
    While writing tests: KAIWA_TEST_CLUSTER=DIR uses one that runs already.
    """
    if running := os.environ.get("KAIWA_TEST_CLUSTER"):
        yield _described(Path(running))
        return
    folder = tmp_path_factory.mktemp("cluster") / ".kaiwa"
    kaiwa = Path(sys.executable).with_name("kaiwa")
    try:
        up = subprocess.run(
            [kaiwa, "up", "--ephemeral", "--detach", "--gateways", "2", "--dir", folder],
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert up.returncode == 0, up.stderr
        described = _described(folder)
        yield described
        leaks.search(leaks.of_cluster(described))
    finally:
        subprocess.run([kaiwa, "down", "--dir", folder], capture_output=True, timeout=120, check=False)


def _described(folder: Path) -> dict[str, Any]:
    path = folder / "cluster.json"
    return {**json.loads(path.read_text(encoding="utf-8")), "path": str(path)}


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """``await eventually(lambda: condition(), within_s=10)``: the first truthy value, or an AssertionError."""
    return wait_for
