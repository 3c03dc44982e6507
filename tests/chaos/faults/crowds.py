"""What clients do that no gateway likes."""

from typing import ClassVar

from tests.chaos.faults.fault import Fault, NotPossible, Stage


class Vanish(Fault):
    """Connections break without FIN: the gateway finds out by itself."""

    name = "clients vanish"

    async def begin(self, stage: Stage) -> None:
        if not stage.load.vanish(5):
            raise NotPossible("nobody is connected")


class StopReading(Fault):
    """Clients read no more from their sockets, and then do again."""

    name = "clients stop reading"

    async def begin(self, stage: Stage) -> None:
        if not stage.load.stop_reading(5):
            raise NotPossible("nobody is connected")

    async def end(self, stage: Stage) -> None:
        stage.load.read_again()


class AllAtOnce(Fault):
    """Everybody's connection breaks, and everybody comes back at the same moment."""

    name = "all reconnect at once"

    async def begin(self, stage: Stage) -> None:
        if not stage.load.all_at_once():
            raise NotPossible("nobody is connected")


class CrowdReturns(Fault):
    """Many more connections, which all break and all come back at the same moment."""

    name = "a crowd returns"
    within_s: ClassVar[float] = 120.0
    """The time that the last of them has. Those who come too early are told to wait, and do."""

    def __init__(self, size: int, hold_s: float = 2.0) -> None:
        super().__init__("", hold_s)
        self.size = size

    @property
    def described(self) -> str:
        """For the report."""
        return f"{self.size} at once"

    async def begin(self, stage: Stage) -> None:
        crowd = stage.load.crowd
        there = await crowd.gather(self.size)
        if there < self.size // 2:
            raise NotPossible(f"only {there} of the crowd were let in")
        back = await crowd.reconnect(self.within_s)
        if back < there:
            raise CameNotBack(f"{there - back} of {there} had not come back after {self.within_s:.0f} s")

    async def end(self, stage: Stage) -> None:
        await stage.load.crowd.disperse()


class CameNotBack(Exception):
    """Clients that were not let in again."""
