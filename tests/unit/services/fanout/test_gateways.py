"""Which epochs of gateways live, and where."""

from typing import Any

import pytest

from chassis.records import Record
from contracts.controls import EpochLapsed, SessionsRevoked
from contracts.envelope import Event, Undecodable, encode
from contracts.gateways import LeaseRenewed, Stopped, Tick
from contracts.topics import CONTROLS, GATEWAYS
from services.fanout.gateways import Gateways
from services.fanout.route import EpochKey
from tests.unit.services.fanout import given

NEXT = EpochKey(given.KEY.gateway_id, "99999999")
WHO: dict[str, Any] = {"event_id": "e", "occurred_at": given.AT}


def tell(gateways: Gateways, event: Event) -> None:
    topic = CONTROLS if isinstance(event, EpochLapsed | SessionsRevoked) else GATEWAYS
    gateways.apply(Record(topic.name, 0, 0, 0, b"k", encode(event)))


def lease(key: EpochKey, address: str = "http://127.0.0.1:1/prod") -> LeaseRenewed:
    return LeaseRenewed(**WHO, gateway_id=key.gateway_id, epoch=key.epoch, address=address)


def test_a_lease_tells_where_the_epoch_is() -> None:
    gateways = Gateways()
    assert gateways.address(given.KEY) is None
    tell(gateways, lease(given.KEY))
    assert gateways.address(given.KEY) == "http://127.0.0.1:1/prod"
    assert gateways.address(NEXT) is None


def test_a_newer_epoch_ends_the_one_before() -> None:
    gateways = Gateways()
    tell(gateways, lease(given.KEY))
    tell(gateways, lease(NEXT))
    assert gateways.has_ended(given.KEY)
    assert gateways.address(given.KEY) is None
    assert gateways.address(NEXT) is not None


@pytest.mark.parametrize("over", [Stopped, EpochLapsed])
def test_an_epoch_that_stopped_or_lapsed_stays_ended(over: type[Stopped | EpochLapsed]) -> None:
    gateways = Gateways()
    tell(gateways, lease(given.KEY))
    tell(gateways, over(**WHO, gateway_id=given.KEY.gateway_id, epoch=given.KEY.epoch))
    tell(gateways, lease(given.KEY))
    assert gateways.has_ended(given.KEY)
    assert gateways.address(given.KEY) is None


def test_each_change_is_told_once() -> None:
    gateways, told = Gateways(), list[EpochKey]()
    gateways.on_change(told.append)
    for event in (lease(given.KEY), lease(given.KEY), lease(NEXT), lease(NEXT)):
        tell(gateways, event)
    assert told == [given.KEY, given.KEY, NEXT]


def test_ticks_and_other_orders_change_nothing() -> None:
    gateways = Gateways()
    tell(gateways, lease(given.KEY))
    tell(gateways, Tick(**WHO, worker_id="w"))
    tell(gateways, SessionsRevoked(**WHO, user_id="alice", revoked_at=given.AT))
    assert gateways.address(given.KEY) is not None


def test_a_record_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(Undecodable):
        Gateways().apply(Record(GATEWAYS.name, 0, 0, 0, b"k", b"{"))
