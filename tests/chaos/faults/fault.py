"""The port of all faults."""

import random
from typing import ClassVar, Protocol

from tests.chaos.cluster import ChaosCluster
from tests.chaos.crowd import Crowd


class Load(Protocol):
    """The part of the load that faults touch."""

    def vanish(self, count: int) -> int:
        """Cut so many connections without a closing handshake; returns how many."""

    def stop_reading(self, count: int) -> int:
        """So many clients read no more from their sockets; returns how many."""

    def read_again(self) -> None:
        """They read again."""

    def all_at_once(self) -> int:
        """Everybody's connection is cut and everybody comes back without a pause; returns how many."""

    @property
    def crowd(self) -> Crowd:
        """Many people more, who are in no room."""


class Stage:
    """What faults act on."""

    def __init__(self, cluster: ChaosCluster, load: Load, dice: random.Random) -> None:
        self.cluster = cluster
        self.load = load
        self.dice = dice


class NotPossible(Exception):
    """The fault cannot be done here and now; the text says why."""


class Fault:
    """One fault. `begin` may raise NotPossible; `end` is called whatever `begin` did, also after an error."""

    name: ClassVar[str]
    kills: ClassVar[bool] = False
    """A process dies of it by SIGKILL."""
    ends: ClassVar[bool] = False
    """What it hits is another process afterwards."""

    def __init__(self, target: str = "", hold_s: float = 0.0) -> None:
        self.target = target
        self.hold_s = hold_s
        """Seconds between begin and end."""

    @property
    def hit(self) -> tuple[str, ...]:
        """Processes that must take work again before the fault is recovered from."""
        return (self.target,) if self.target else ()

    async def begin(self, stage: Stage) -> None:
        """Do it."""

    async def end(self, stage: Stage) -> None:
        """Undo it."""
