"""The one order of things (spec 9): facts are routed, connections are learned, and nothing here awaits.

Between the change of a view and the queueing of what follows from it nothing else can happen, so each connection gets
its window first, then what is live.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from chassis.records import Record
from chassis.traces.port import Span
from contracts.facts import Fact
from contracts.limits import PRESENCE_PARTICIPANTS
from contracts.signals import Typing
from services.fanout import metrics
from services.fanout.delivery import Delivery, OnDone
from services.fanout.gateway_queue import Item
from services.fanout.locations import Change, Locations, Place, wants
from services.fanout.membership import Membership
from services.fanout.outcomes import now, order_to_close
from services.fanout.partition import Partition
from services.fanout.route import EpochKey, Frame, Reply, route, route_presence, route_typing
from services.fanout.tracing import Routing

NO_PARTITION = -1
Only = Callable[[Place], bool]


class OutletPort(Protocol):
    """The way out: ordered for each epoch, never waits."""

    def push(self, key: EpochKey, item: Item) -> None:
        """Queue a push whose delivery expects it."""

    def close(self, key: EpochKey, connection_id: str) -> None:
        """Have a connection closed with 4408."""


class Dispatch:
    """Both views, the partitions held, and the outlet. Nothing here awaits."""

    def __init__(self, membership: Membership, locations: Locations, outlet: OutletPort, on_loose: OnDone) -> None:
        """`on_loose` takes deliveries that no batch waits for, once they are done."""
        self._membership = membership
        self._locations = locations
        self._outlet = outlet
        self._on_loose = on_loose
        self.partitions: dict[int, Partition] = {}

    def take_over(self, partition: Partition) -> None:
        """Begin with `partition`; connections that it can no longer make whole are closed."""
        self.drop(partition.number)
        self.partitions[partition.number] = partition
        for place in list(self._locations):
            if partition.takeover.missed(place):
                self._close(place)

    def drop(self, number: int) -> None:
        """The partition is no longer ours, or is read again."""
        self.partitions.pop(number, None)
        self._membership.drop_partition(number)

    def fact(
        self, partition: Partition, record: Record, fact: Fact, delivery: Delivery, routing: Routing | None = None
    ) -> None:
        """Route one fact; its room's people are known where it needs them. `routing`: of a trace that is recorded."""
        partition.note(record.offset)
        if not self._membership.advance(fact, partition.number, record.timestamp):
            metrics.REPEATED.inc()
            return
        routed = route(fact, self._membership.people(fact.chat_room_id))
        if isinstance(routed, Frame):
            time_ms = self._membership.time_of(fact.chat_room_id)
            partition.window.add(routed, fact.chat_room_id, time_ms)
            self._spread(routed, delivery, fact.chat_room_id, _only(partition, record.offset, time_ms), routing)
        elif isinstance(routed, Reply) and not partition.is_repetition(record.offset):
            span = None if routing is None else routing.pushed(routed.epoch, 1)
            self._push(routed.epoch, Item(routed.payload, (routed.connection.connection_id,), delivery, span=span))

    def typing(self, typing: Typing) -> None:
        """Show that somebody is writing, to those who are there just now."""
        frame = route_typing(typing, self._membership.people(typing.chat_room_id))
        if frame is not None:
            self._spread_loose(frame)

    def learn(self, change: Change) -> None:
        """Catch up connections that are new, and pass on a change of status."""
        for place in change.appeared:
            self._catch_up(place)
        if change.news is not None:
            rooms = self._membership.shared_with(change.news.user_id)
            frame = route_presence(change.news, rooms, participants_most=PRESENCE_PARTICIPANTS)
            if frame is not None:
                self._spread_loose(frame)

    def trim(self) -> None:
        """Keep the view of rooms within its bounds, and show how full all is."""
        self._membership.trim(self._window_start)
        held = self.partitions.values()
        metrics.WINDOW_FRAMES.set(sum(len(partition.window) for partition in held))
        metrics.WINDOW_BYTES.set(sum(partition.window.bytes for partition in held))
        metrics.ROOMS.set(len(self._membership))
        metrics.PARTICIPANTS.set(self._membership.participants)
        metrics.CONNECTIONS.set(len(self._locations))

    def _window_start(self, number: int) -> int:
        partition = self.partitions.get(number)
        return 0 if partition is None else partition.window.starts_ms

    def _catch_up(self, place: Place) -> None:
        held = list(self.partitions.values())
        if not all(partition.window.covers(place.begins_ms) for partition in held):
            self._close(place)
            return
        for partition in held:
            self._push_window(partition, place)

    def _push_window(self, partition: Partition, place: Place) -> None:
        owed = [kept for kept in partition.window.since(place.begins_ms) if wants(place, kept.frame)]
        if not owed:
            return
        delivery = Delivery(partition.number, on_done=lambda done: self._caught_up(partition, done))
        partition.catch_ups.add(delivery)
        metrics.CAUGHT_UP.inc(len(owed))
        for kept in owed:
            item = _item(kept.frame, [place.connection_id], delivery, kept.chat_room_id)
            self._push(place.epoch, item)
        delivery.seal()

    def _caught_up(self, partition: Partition, delivery: Delivery) -> None:
        partition.catch_ups.discard(delivery)
        self._on_loose(delivery)

    def _close(self, place: Place) -> None:
        """Better closed than with a hole: its client is whole again after a reconnect and one history call."""
        metrics.NOT_COVERED.inc()
        self._locations.forget(place.connection_id)
        self._outlet.close(place.epoch, place.connection_id)
        told = Delivery(NO_PARTITION, on_done=self._on_loose)
        told.settle(0, [order_to_close(place, now())])
        told.seal()

    def _spread(
        self, frame: Frame, delivery: Delivery, chat_room_id: str, only: Only | None, routing: Routing | None
    ) -> None:
        for key, connection_ids in self._locations.targets(frame, only).items():
            span = None if routing is None else routing.pushed(key, len(connection_ids))
            self._push(key, _item(frame, connection_ids, delivery, chat_room_id, frame.accepted_ms, span))

    def _spread_loose(self, frame: Frame) -> None:
        delivery = Delivery(NO_PARTITION, on_done=self._on_loose)
        for key, connection_ids in self._locations.targets(frame).items():
            self._push(key, Item(frame.payload, tuple(connection_ids), delivery, durable=False))
        delivery.seal()

    def _push(self, key: EpochKey, item: Item) -> None:
        item.delivery.expect()
        self._outlet.push(key, item)


def _only(partition: Partition, offset: int, time_ms: int) -> Only | None:
    """Who gets it: everybody, or those who are owed it, if it stood in the log at the takeover (spec 9)."""
    takeover = partition.takeover
    if offset >= takeover.end:
        return None
    return lambda place: takeover.owes(place, offset, time_ms)


def _item(
    frame: Frame,
    connection_ids: Iterable[str],
    delivery: Delivery,
    chat_room_id: str,
    accepted_ms: int = 0,
    span: Span | None = None,
) -> Item:
    ids = tuple(connection_ids)
    return Item(frame.payload, ids, delivery, chat_room_id, frame.message_id, accepted_ms=accepted_ms, span=span)
