"""Events that older code wrote, and an event of code that is newer than what runs."""

import json
from pathlib import Path

from aiokafka import AIOKafkaProducer

import contracts
from contracts.topics import CONTROLS, SIGNALS, SUBMISSIONS
from tests.chaos import newer
from tests.chaos.faults.fault import Fault, Stage

EXAMPLES = Path(contracts.__file__).parent / "examples" / "events"
REPEATABLE = (SUBMISSIONS, SIGNALS, CONTROLS)
"""Topics of requests: an old one may come at any time. Facts and leases that no service wrote would be lies."""
WORKERS = ("persistence", "persistence-2")


class OldEvents(Fault):
    """One of each event, of every version ever written: with and without what later code added."""

    name = "old events"

    async def begin(self, stage: Stage) -> None:
        async with AIOKafkaProducer(bootstrap_servers=stage.cluster.described["kafkaBootstrap"], acks="all") as to:
            for topic in REPEATABLE:
                for path in sorted((EXAMPLES / topic.name).glob("*.json")):
                    event = json.loads(path.read_bytes())
                    key = next(event[name] for name in ("chatRoomId", "userId", "gatewayId") if name in event)
                    await to.send_and_wait(topic.name, json.dumps(event).encode(), key=key.encode())


class NewerEvent(Fault):
    """A submission that the running workers cannot read yet: its partition waits until newer code takes it over."""

    name = "newer event"

    def __init__(self, hold_s: float = 5.0) -> None:
        super().__init__("", hold_s)

    @property
    def hit(self) -> tuple[str, ...]:
        return WORKERS

    async def begin(self, stage: Stage) -> None:
        example = json.loads((EXAMPLES / SUBMISSIONS.name / "sendMessage.v1.minimal.json").read_bytes())
        room = f"of-the-next-release-{stage.dice.randrange(1000)}"
        value = json.dumps({**example, "version": 2, "chatRoomId": room}).encode()
        async with AIOKafkaProducer(bootstrap_servers=stage.cluster.described["kafkaBootstrap"], acks="all") as to:
            await to.send_and_wait(SUBMISSIONS.name, value, key=room.encode())

    async def end(self, stage: Stage) -> None:
        """The upgrade, one worker after the other; it stays."""
        for name in WORKERS:
            await stage.cluster.stop(name)
            stage.cluster.start(name, {"PYTHONPATH": str(Path(newer.__file__).parent)})
            await stage.cluster.ready([name], within_s=30.0)
