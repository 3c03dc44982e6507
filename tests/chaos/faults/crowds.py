"""What clients do that no gateway likes."""

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


class Crowd(Fault):
    """Many more connections at the same moment."""

    name = "a crowd connects"
    size = 200

    async def begin(self, stage: Stage) -> None:
        if not await stage.load.crowd(self.size):
            raise NotPossible("not one of the crowd was let in")

    async def end(self, stage: Stage) -> None:
        await stage.load.disperse()
