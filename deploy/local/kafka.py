"""A real Apache Kafka of one node (KRaft, broker and controller in one process) on loopback."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import socket
import struct
import subprocess
import uuid
from pathlib import Path

from deploy.local import jars
from deploy.local.child import ProcessSpec
from deploy.local.faults import LocalClusterError
from deploy.local.java import java_command

_METADATA_REQUEST = struct.pack(">hhih5si", 3, 0, 1, 5, b"kaiwa", 0)


def kafka_spec(folder: Path, *, port: int, controller_port: int, log: Path, heap_mb: int = 512) -> ProcessSpec:
    """How to start the broker with its data in ``folder``; formats the folder the first time.

    The ports may differ from one start to the next on the same data. One replica of all, no topic made by accident.
    Raises LocalClusterError if Java or the jars are missing.
    """
    properties = folder / "server.properties"
    folder.mkdir(parents=True, exist_ok=True)
    properties.write_text(_properties(folder / "data", port, controller_port), encoding="utf-8")
    java = (
        *java_command(heap_mb),
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-cp",
        jars.class_path(jars.KAFKA_LOCK),
    )
    _format(folder / "data", properties, java)
    return ProcessSpec(
        name="kafka",
        argv=(*java, "kafka.Kafka", str(properties)),
        log=log,
        port=port,
        missing=lambda: None if answers(port) else "the broker does not answer yet",
        stop_grace_s=20.0,
        address=f"127.0.0.1:{port}",
    )


def answers(port: int, timeout_s: float = 1.0) -> bool:
    """Whether a broker on loopback answers a Metadata request and counts itself as registered."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
            connection.sendall(struct.pack(">i", len(_METADATA_REQUEST)) + _METADATA_REQUEST)
            answer = connection.makefile("rb").read(12)
    except OSError:
        return False
    # int32 size, int32 correlation id, int32 number of brokers: an unregistered one is not among them.
    return len(answer) == 12 and struct.unpack(">iii", answer)[2] > 0


def _properties(data: Path, port: int, controller_port: int) -> str:
    # A static voter, not the quorum that `format --standalone` writes into the data: its address may change with the
    # ports. The broker session (9 s by default) is how long a broker that was killed cannot come back, since the
    # controller holds its old registration for that time.
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


def _format(data: Path, properties: Path, java: tuple[str, ...]) -> None:
    if (data / "meta.properties").exists():
        return
    checkpoint = _checkpoint(properties, java)
    data.mkdir(parents=True, exist_ok=True)
    (data / "bootstrap.checkpoint").write_bytes(checkpoint)
    half = data / "meta.properties.new"
    half.write_text(f"version=1\ncluster.id={_id()}\nnode.id=1\ndirectory.id={_id()}\n", encoding="utf-8")
    half.replace(data / "meta.properties")


def _checkpoint(properties: Path, java: tuple[str, ...]) -> bytes:
    """The feature levels a new cluster starts with: the same for every cluster of a Kafka version.

    Kafka's own tool writes them, at the price of a second of Java, so once for each user.
    """
    version = hashlib.sha256(jars.KAFKA_LOCK.read_bytes()).hexdigest()[:16]
    kept = jars.cache_folder() / "kafka-format" / version
    if not kept.exists():
        made = _run_format(properties, java)
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = kept.with_name(f"{version}.{os.getpid()}")
        half.write_bytes(made)
        half.replace(kept)
    return kept.read_bytes()


def _run_format(properties: Path, java: tuple[str, ...]) -> bytes:
    data = properties.parent / "data"
    command = (*java, "kafka.tools.StorageTool", "format", "-t", _id(), "-c", str(properties))
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 (our own command line)
    if run.returncode:
        raise LocalClusterError(
            "KAFKA_FORMAT", f"Kafka cannot prepare {data}: {(run.stderr or run.stdout).strip().splitlines()[-1:]}"
        )
    made = (data / "bootstrap.checkpoint").read_bytes()
    with contextlib.suppress(FileNotFoundError):
        (data / "meta.properties").unlink()
    return made


def _id() -> str:
    """A Kafka Uuid: 16 bytes, base64url without padding; no dash in front, which its tools take for an option."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
