"""All faults, with how often each is drawn; from a seed always the same row of them."""

import random
from collections.abc import Callable, Sequence
from typing import Final

from tests.chaos.cluster import SECOND
from tests.chaos.faults import crowds, table
from tests.chaos.faults.away import CutOff, KafkaAway, TableAway
from tests.chaos.faults.exhausted import FilesExhausted, FullDisk
from tests.chaos.faults.fault import Fault
from tests.chaos.faults.poison import Poison
from tests.chaos.faults.processes import Kill, PowerCut, Rebalances, RollingRestart, Stop, Term, WrongClock
from tests.chaos.faults.versions import NewerEvent, OldEvents
from tests.chaos.gates import Shut

OURS: Final = ("gateway-1", "gateway-2", "persistence", "persistence-2", "presence", "fanout", "fanout-2", "api")
ENGINES: Final = ("kafka", "dynamodb")
GATEWAYS: Final = ("gateway-1", "gateway-2")
WAYS: Final[tuple[Shut, ...]] = ("refuse", "swallow")
PAUSES_S: Final = (2.0, 2.0, 20.0, 70.0)
OUTAGES_S: Final = (5.0, 5.0, 60.0, 120.0)

CROWDS: Final = (200, 1_000, 5_000)
"""The greatest takes a minute of both cores: for those who have the time of long faults."""

Maker = Callable[[random.Random, float], Fault]
"""From dice and the longest hold, in seconds."""


def _of_process(kind: type[Fault], names: Sequence[str]) -> Maker:
    return lambda dice, _longest: kind(dice.choice(names))


def _held(dice: random.Random, longest: float, choices: Sequence[float]) -> float:
    return dice.choice([one for one in choices if one <= longest] or [min(choices)])


def _stop(dice: random.Random, longest: float) -> Fault:
    return Stop(dice.choice((*OURS, *ENGINES)), _held(dice, longest, PAUSES_S))


def _cut_off(dice: random.Random, longest: float) -> Fault:
    if dice.random() < 0.5:
        return CutOff(dice.choice(SECOND), _held(dice, longest, (5.0, 15.0, 40.0)), "kafka", dice.choice(WAYS))
    if dice.random() < 0.4:
        return CutOff(dice.choice(GATEWAYS), _held(dice, longest, (5.0, 15.0, 40.0)), "pushes", dice.choice(WAYS))
    names = ("persistence", "persistence-2", "presence", "fanout", "fanout-2", "api")
    return CutOff(dice.choice(names), _held(dice, longest, (5.0, 15.0, 40.0)), "table", dice.choice(WAYS))


WEIGHTED: Final[Sequence[tuple[int, Maker]]] = (
    (24, _of_process(Kill, OURS)),
    (4, _of_process(Kill, ENGINES)),
    (8, _stop),
    (6, _of_process(Term, OURS)),
    (2, lambda _dice, _longest: PowerCut()),
    (2, lambda dice, longest: KafkaAway(_held(dice, longest, OUTAGES_S))),
    (2, lambda dice, longest: TableAway(_held(dice, longest, OUTAGES_S))),
    (8, _cut_off),
    (2, lambda dice, longest: table.SlowTable(min(longest, dice.uniform(5, 15)))),
    (2, lambda dice, longest: table.Throttling(min(longest, dice.uniform(5, 15)))),
    (2, lambda dice, longest: table.Conflicting(min(longest, dice.uniform(5, 15)))),
    (3, lambda dice, longest: table.LosingAnswers(min(longest, dice.uniform(5, 15)))),
    (2, lambda dice, longest: table.BrokenTable(min(longest, dice.uniform(5, 15)))),
    (2, lambda _dice, _longest: Rebalances()),
    (1, lambda _dice, _longest: RollingRestart()),
    (2, lambda _dice, _longest: Poison()),
    (1, lambda _dice, _longest: OldEvents()),
    (1, lambda _dice, _longest: NewerEvent()),
    (1, lambda dice, longest: FullDisk(min(longest, dice.uniform(5, 20)))),
    (2, lambda dice, longest: FilesExhausted(dice.choice((*OURS, *ENGINES)), min(longest, dice.uniform(5, 20)))),
    (2, lambda _dice, _longest: crowds.Vanish()),
    (2, lambda dice, longest: crowds.StopReading("", min(longest, dice.choice((5.0, 35.0))))),
    (1, lambda _dice, _longest: crowds.AllAtOnce()),
    (1, lambda dice, longest: crowds.CrowdReturns(dice.choice([one for one in CROWDS if one <= 100 * longest]))),
    (1, lambda dice, longest: WrongClock(dice.choice(OURS), min(longest, 20.0), dice.choice(("-30s", "+1h")))),
)


def drawn(dice: random.Random, longest_s: float) -> Fault:
    """The next fault; none is held longer than `longest_s`, but for the shortest of its kind."""
    makers = [maker for _, maker in WEIGHTED]
    (maker,) = dice.choices(makers, [weight for weight, _ in WEIGHTED])
    return maker(dice, longest_s)


def drawn_kill(dice: random.Random) -> Fault:
    """A kill -9 of one process, or of all."""
    if dice.random() < 0.04:
        return PowerCut()
    return Kill(dice.choice((*OURS, *OURS, *ENGINES)))
