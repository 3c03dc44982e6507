"""Gateways that are paused, killed and started again, workers that tick at once: who lives is agreed upon in the end.

Two topics that everybody reads at a pace of their own, one of them compacted; a scheduler that lets any of them act at
any moment (spec 4).
"""

from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.health import Health
from contracts.controls import EpochLapsed
from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped, Tick
from contracts.limits import TICKS_TO_LAPSE
from gateway.epochs import Epochs
from gateway.leases import Lease
from services.presence.leases import EpochKey, Leases
from tests.unit.services.presence.log import envelope

NAMES = ("gateway-1", "gateway-2")
NOBODY: Any = None
"""In place of a publisher: the model writes to its log itself."""

names = st.sampled_from(NAMES)
workers = st.integers(0, 1)
some = st.integers(1, 12)


class Stored(NamedTuple):
    """One record."""

    key: str
    event: Event
    at_ms: int


class Topic:
    """Records that stay where they are; compaction leaves holes."""

    def __init__(self, clock: "count[int]") -> None:
        self.records: list[Stored | None] = []
        self._clock = clock

    def append(self, key: str, event: Event) -> int:
        """Returns the broker's time."""
        at_ms = next(self._clock)
        self.records.append(Stored(key, event, at_ms))
        return at_ms

    def after(self, place: int, most: int) -> list[tuple[int, Stored]]:
        """Up to `most` records from `place` on, each with the place behind it."""
        return [(at + 1, one) for at, one in enumerate(self.records[place:], place) if one is not None][:most]

    def compact(self, upto: int) -> None:
        """Of the records before that place, keep the newest of each key."""
        old = self.records[:upto]
        newest = {one.key: at for at, one in enumerate(old) if one is not None}
        self.records[:upto] = [one if one and newest[one.key] == at else None for at, one in enumerate(old)]


class Gateway:
    """One process: its own code for leases, and how far it has read."""

    def __init__(self, name: str) -> None:
        self.name, self.paused = name, False
        self.epochs = Epochs()
        self.lease = Lease(
            gateway_id=name, publisher=NOBODY, epochs=self.epochs, health=Health(), interval_s=5, wall_ms=lambda: 0
        )
        self.lease._begin()  # as its `run` does before the first renewal
        self.places = [0, 0]

    @property
    def key(self) -> EpochKey:
        return EpochKey(self.name, self.lease.epoch)

    def read_gateways(self, topic: Topic, most: int) -> None:
        for place, one in topic.after(self.places[0], most):
            self.places[0] = place
            self.lease.watch(one.event)
            self.epochs.apply(one.event, one.at_ms)

    def read_controls(self, topic: Topic, most: int) -> None:
        for place, one in topic.after(self.places[1], most):
            self.places[1] = place
            assert isinstance(one.event, EpochLapsed)
            self.epochs.end(one.event.gateway_id, one.event.epoch)
            self.lease.lapsed(one.event.epoch)


class Worker:
    """A presence worker's view, and what it once held for ended."""

    def __init__(self) -> None:
        self.leases = Leases()
        self.places = [0, 0]
        self.ended: set[EpochKey] = set()

    def read(self, number: int, topic: Topic, most: int) -> None:
        for place, one in topic.after(self.places[number], most):
            self.places[number] = place
            self.leases.apply(one.event, one.at_ms)


class LeaseModel(RuleBasedStateMachine):
    """Either worker may think that it keeps the time."""

    def __init__(self) -> None:
        super().__init__()
        clock = count()
        self.gateways, self.controls = Topic(clock), Topic(clock)
        self.alive: dict[str, Gateway] = {}
        self.workers = [Worker(), Worker()]
        self.used: dict[EpochKey, int] = {}
        """Epochs that connections may name, and the broker's time from which on they do."""

    # What gateways do, and what happens to them

    @rule(name=names)
    def a_gateway_starts(self, name: str) -> None:
        """Perhaps beside one of the same name, which is then forgotten as if killed; it has read what there is."""
        made = self.alive[name] = Gateway(name)
        made.read_gateways(self.gateways, 10**6)
        made.read_controls(self.controls, 10**6)

    @rule(name=names)
    def a_gateway_renews(self, name: str) -> None:
        if (gateway := self.alive.get(name)) and not gateway.paused:
            self._renew(gateway)

    @rule(name=names)
    def a_gateway_is_killed(self, name: str) -> None:
        self.alive.pop(name, None)

    @rule(name=names)
    def a_gateway_stops(self, name: str) -> None:
        if (gateway := self.alive.get(name)) and not gateway.paused:
            del self.alive[name]
            # One that never held its lease has nothing to tell, and ends in silence.
            if gateway.key in self.used:
                self.gateways.append(name, Stopped(**envelope(), gateway_id=name, epoch=gateway.lease.epoch))

    @rule(name=names, paused=st.booleans())
    def a_gateway_is_paused_or_wakes(self, name: str, paused: bool) -> None:
        if gateway := self.alive.get(name):
            gateway.paused = paused

    @rule(name=names, most=some, controls=st.booleans())
    def a_gateway_reads(self, name: str, most: int, controls: bool) -> None:
        if (gateway := self.alive.get(name)) and not gateway.paused:
            self._read(gateway, controls, most)

    # What workers do, and what happens to them

    @rule(who=workers, times=some)
    def a_worker_ticks(self, who: int, times: int) -> None:
        """Also a zombie, or both at once, and without having read what it ticked itself."""
        for _ in range(times):
            self._tick(self.workers[who])

    @rule(who=workers, most=some, number=st.integers(0, 1))
    def a_worker_reads(self, who: int, most: int, number: int) -> None:
        self.workers[who].read(number, (self.gateways, self.controls)[number], most)

    @rule(who=workers, compacted=st.booleans())
    def a_worker_starts_again(self, who: int, compacted: bool) -> None:
        self.workers[who] = Worker()
        if compacted:
            # A broker leaves its newest segment alone, ten minutes of records: who runs has read what is older.
            readers: list[Gateway | Worker] = [*self.alive.values(), self.workers[1 - who]]
            self.gateways.compact(min(reader.places[0] for reader in readers))

    # What must be true

    @invariant()
    def what_has_ended_never_lives_again(self) -> None:
        for worker in self.workers:
            now = {key for key, begun_ms in self.used.items() if worker.leases.ended(key, begun_ms)}
            assert worker.ended <= now
            worker.ended = now

    @invariant()
    def no_gateway_lives_in_an_epoch_whose_end_it_has_read(self) -> None:
        for gateway in self.alive.values():
            assert not gateway.epochs.has_ended(gateway.lease.epoch)

    def teardown(self) -> None:
        """Everybody goes on as they should: nine ticks and two rounds later all say the same."""
        for gateway in self.alive.values():
            gateway.paused = False
        for _ in range(TICKS_TO_LAPSE + 2):
            for gateway in self.alive.values():
                self._renew(gateway)
            self._everybody_reads()
            self._tick(self.workers[0])
            self._everybody_reads()
        living = {gateway.key for gateway in self.alive.values()}
        for worker in self.workers:
            assert {key for key, begun_ms in self.used.items() if not worker.leases.ended(key, begun_ms)} == living
        for gateway in self.alive.values():
            assert all((gateway.epochs.address(key.epoch) is not None) == (key in living) for key in self.used)

    # How

    def _everybody_reads(self) -> None:
        for gateway in self.alive.values():
            self._read(gateway, False, 10**6)
            self._read(gateway, True, 10**6)
        for worker in self.workers:
            worker.read(0, self.gateways, 10**6)
            worker.read(1, self.controls, 10**6)

    def _renew(self, gateway: Gateway) -> None:
        name, epoch = gateway.key
        event = LeaseRenewed(**envelope(), gateway_id=name, epoch=epoch, address=f"http://{name}")
        self.used.setdefault(gateway.key, self.gateways.append(name, event))

    def _read(self, gateway: Gateway, controls: bool, most: int) -> None:
        if controls:
            gateway.read_controls(self.controls, most)
        else:
            gateway.read_gateways(self.gateways, most)

    def _tick(self, worker: Worker) -> None:
        for key in worker.leases.due():
            self.controls.append(key.gateway_id, EpochLapsed(**envelope(), gateway_id=key.gateway_id, epoch=key.epoch))
        self.gateways.append("#tick", Tick(**envelope(), worker_id="w"))


_SETTINGS = settings(
    max_examples=150,
    stateful_step_count=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


class TestLeases(LeaseModel.TestCase):  # type: ignore[valid-type,misc]  # a class made at run time
    settings = _SETTINGS


@pytest.mark.long
@pytest.mark.timeout(7_200)
class TestManyLeases(LeaseModel.TestCase):  # type: ignore[valid-type,misc]
    settings = settings(_SETTINGS, max_examples=5_000)
