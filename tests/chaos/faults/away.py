"""Faults of what the services stand on: the broker and the table, for all of them or for one."""

import os
import signal
from collections.abc import Mapping
from typing import Literal

from tests.chaos.faults.fault import Fault, NotPossible, Stage
from tests.chaos.gates import Gate, Shut


class EngineAway(Fault):
    """An engine answers nothing for a while; its connections stay."""

    _pid: int | None = None

    async def begin(self, stage: Stage) -> None:
        self._pid = stage.cluster.pid(self.target)
        if self._pid is None:
            raise NotPossible(f"{self.target} does not run just now")
        os.killpg(self._pid, signal.SIGSTOP)

    async def end(self, stage: Stage) -> None:
        if self._pid is not None and stage.cluster.pid(self.target) == self._pid:
            os.killpg(self._pid, signal.SIGCONT)


class KafkaAway(EngineAway):
    """The broker."""

    name = "Kafka away"

    def __init__(self, hold_s: float = 5.0) -> None:
        super().__init__("kafka", hold_s)


class TableAway(EngineAway):
    """The table."""

    name = "table away"

    def __init__(self, hold_s: float = 5.0) -> None:
        super().__init__("dynamodb", hold_s)


class CutOff(Fault):
    """One worker cannot reach the broker, or the table, while all others can; or nobody reaches one gateway.

    Then it is back, and goes on as if nothing had been.
    """

    name = "cut off"

    def __init__(self, target: str, hold_s: float, what: Literal["kafka", "table", "pushes"], how: Shut) -> None:
        super().__init__(target, hold_s)
        self.what = what
        self.how: Shut = how

    @property
    def described(self) -> str:
        """For the report."""
        return f"{self.target} from the {self.what}, {self.how}"

    def _gate(self, stage: Stage) -> Gate:
        cluster = stage.cluster
        gates: dict[str, Mapping[str, Gate]] = {}
        gates |= {"kafka": cluster.brokers, "table": cluster.tables, "pushes": cluster.pushes}
        found: Gate | None = gates[self.what].get(self.target)
        if found is None:
            raise NotPossible(f"{self.target} has no gate before the {self.what}")
        return found

    async def begin(self, stage: Stage) -> None:
        self._gate(stage).shut(self.how)

    async def end(self, stage: Stage) -> None:
        self._gate(stage).let_through()
