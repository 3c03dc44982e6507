"""What is told of a request that was answered or given up: outcomes by room, who is gone, who is to be closed."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from chassis.records import Outgoing, outgoing
from contracts.close_codes import BEHIND
from contracts.connections import Retired
from contracts.controls import CloseConnection
from contracts.deliveries import DeliveredMessage, Pushed
from contracts.ids import new_event_id
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS, CONTROLS, DELIVERIES
from services.fanout.gateway_queue import Item
from services.fanout.locations import Place
from services.fanout.route import EpochKey

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One gateway's answer to a request; or what was dropped, when there was none."""

    epoch: EpochKey
    at: str
    """When, as the events say it."""
    gone: frozenset[str] = NONE
    slow: frozenset[str] = NONE
    dropped: frozenset[str] = NONE


def settle(items: Sequence[Item], outcome: Outcome, forget: Callable[[str], Place | None]) -> Sequence[Outgoing]:
    """Tell each delivery what became of its pushes; returns what is left to tell, because its delivery was abandoned.

    Nothing is pushed any more to connections that are gone, were dropped or are being closed. Of those that are gone
    and that chat.presence still lists, the log is told; those that were dropped it orders their gateway to close. The
    order stands in the log before the offset moves, so no crash of fan-out leaves a hole without a close.
    """
    told = _told(outcome, forget)
    _end_spans(items, "DROPPED" if outcome.dropped else None)
    by_delivery: dict[int, list[Item]] = {}
    for item in items:
        by_delivery.setdefault(id(item.delivery), []).append(item)
    for own in by_delivery.values():
        delivery = own[0].delivery
        mine = () if delivery.abandoned else sorted(_named(own) & told.keys())
        delivery.settle(len(own), [*_pushed(own, outcome), *(told.pop(connection_id) for connection_id in mine)])
    return tuple(told.values())


def lost(items: Iterable[Item]) -> None:
    """Settle pushes whose epoch has ended: there is nobody to reach and nothing to tell."""
    for item in items:
        item.delivery.settle(1)
        if item.span is not None:
            item.span.end("EPOCH_OVER")


def order_to_close(place: Place, at: str) -> Outgoing:
    """Has the gateway that holds the connection close it (4408), also where fan-out cannot reach that gateway."""
    event = CloseConnection(
        event_id=new_event_id(),
        occurred_at=at,
        connection_id=place.connection_id,
        user_id=place.user_id,
        gateway_id=place.epoch.gateway_id,
        epoch=place.epoch.epoch,
        code=BEHIND.code,
        reason=BEHIND.reason,
    )
    return outgoing(CONTROLS, place.user_id, event)


def now() -> str:
    """The time, as events say it."""
    return iso(time.time_ns() // 1_000_000)


def _end_spans(items: Iterable[Item], error: str | None) -> None:
    for item in items:
        if item.span is not None:
            item.span.end(error)


def _told(outcome: Outcome, forget: Callable[[str], Place | None]) -> dict[str, Outgoing]:
    for connection_id in outcome.slow:
        forget(connection_id)
    dropped = ((connection_id, forget(connection_id)) for connection_id in sorted(outcome.dropped))
    orders = {connection_id: order_to_close(place, outcome.at) for connection_id, place in dropped if place is not None}
    gone = ((connection_id, forget(connection_id)) for connection_id in sorted(outcome.gone))
    return orders | {connection_id: _retired(place, outcome) for connection_id, place in gone if place is not None}


def _retired(place: Place, outcome: Outcome) -> Outgoing:
    event = Retired(
        event_id=new_event_id(),
        occurred_at=outcome.at,
        connection_id=place.connection_id,
        user_id=place.user_id,
        gateway_id=place.epoch.gateway_id,
        epoch=place.epoch.epoch,
        cause="gone",
    )
    return outgoing(CONNECTIONS, place.user_id, event)


def _pushed(items: Iterable[Item], outcome: Outcome) -> list[Outgoing]:
    by_room: dict[str, list[Item]] = {}
    for item in items:
        if item.chat_room_id is not None and item.message_id is not None:
            by_room.setdefault(item.chat_room_id, []).append(item)
    return [_share(chat_room_id, own, outcome) for chat_room_id, own in by_room.items()]


def _share(chat_room_id: str, items: list[Item], outcome: Outcome) -> Outgoing:
    named = _named(items)
    event = Pushed(
        event_id=new_event_id(),
        occurred_at=outcome.at,
        chat_room_id=chat_room_id,
        gateway_id=outcome.epoch.gateway_id,
        epoch=outcome.epoch.epoch,
        messages=tuple(
            DeliveredMessage(message_id=item.message_id, connections=len(item.connection_ids))
            for item in items
            if item.message_id is not None
        ),
        gone=_those(outcome.gone, named),
        slow=_those(outcome.slow, named),
        dropped=_those(outcome.dropped, named),
    )
    return outgoing(DELIVERIES, chat_room_id, event, items[0].delivery.headers)


def _named(items: Iterable[Item]) -> set[str]:
    return {connection_id for item in items for connection_id in item.connection_ids}


def _those(some: Collection[str], named: set[str]) -> tuple[str, ...]:
    return tuple(sorted(connection_id for connection_id in some if connection_id in named))
