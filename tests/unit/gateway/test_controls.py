from typing import Any

import pytest

from chassis.auth.revocations import Revocations
from chassis.records import Record
from contracts.controls import CloseConnection, EpochLapsed, SessionsRevoked
from contracts.envelope import ContractError, encode
from contracts.gateways import LeaseRenewed
from contracts.timestamps import iso
from gateway.controls import Controls
from gateway.epochs import Epochs
from tests.doubles.gateway import EPOCH, Inside, identity, socket_of


class Lease:
    """Knows the present epoch alone."""

    def __init__(self) -> None:
        self.watched: list[Any] = []

    def lapsed(self, epoch: str) -> bool:
        return epoch == EPOCH

    def watch(self, event: Any) -> None:
        self.watched.append(event)


class Obeying(Inside):
    """Controls on the doubles."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.revocations = Revocations(clock=self.clock.wall_s)
        self.epochs, self.lease = Epochs(), Lease()
        self.controls = Controls(
            registry=self.registry,
            endings=self.endings,
            revocations=self.revocations,
            epochs=self.epochs,
            lease=self.lease,  # type: ignore[arg-type]
        )


def record(event: Any) -> Record:
    return Record("chat.controls", 0, 0, 0, b"k", event if isinstance(event, bytes) else encode(event))


async def test_a_revocation_closes_the_user_s_older_connections() -> None:
    made = Obeying()
    old, fresh, other = made.connection("alice"), made.connection("alice"), made.connection("bob")
    now = made.clock.wall_s()
    old.identity = identity("alice", issued_at=now - 100)
    fresh.identity = identity("alice", issued_at=now + 100)
    order = SessionsRevoked(event_id="e", occurred_at="t", user_id="alice", revoked_at=iso(made.clock.wall_ms()))
    made.controls.on_control(record(order))
    assert socket_of(old).closed == (4403, "Sessions revoked")
    assert socket_of(fresh).closed is None
    assert socket_of(other).closed is None
    assert made.revocations.is_revoked(old.identity)


async def test_an_order_to_close_names_its_code() -> None:
    made = Obeying()
    connection = made.connection()
    for target in ("AAAAAAAAAAAAAAA=", connection.id):
        order = CloseConnection(
            event_id="e",
            occurred_at="t",
            connection_id=target,
            user_id="alice",
            gateway_id="gateway-1",
            epoch=EPOCH,
            code=4409,
            reason="Too many connections",
        )
        made.controls.on_control(record(order))
    assert socket_of(connection).closed == (4409, "Too many connections")


async def test_its_own_lapse_closes_everything_and_another_s_nothing() -> None:
    made = Obeying()
    connection, opening = made.connection(), made.connection(live=False)
    made.controls.on_control(record(EpochLapsed(event_id="e", occurred_at="t", gateway_id="g", epoch="11111111")))
    assert socket_of(connection).closed is None
    assert made.epochs.has_ended("11111111")
    made.controls.on_control(record(EpochLapsed(event_id="e", occurred_at="t", gateway_id="g", epoch=EPOCH)))
    assert socket_of(connection).closed == (1012, "Service restart")
    assert opening.ending is not None
    assert len(made.registry) == 0


async def test_leases_are_watched_and_folded() -> None:
    made = Obeying()
    event = LeaseRenewed(event_id="e", occurred_at="t", gateway_id="g", epoch="11111111", address="http://a/prod")
    made.controls.on_gateway(record(event))
    assert made.lease.watched == [event]
    assert made.epochs.address("11111111") == "http://a/prod"


async def test_what_cannot_be_read_is_an_error_for_the_tail_to_pass_over() -> None:
    made = Obeying()
    with pytest.raises(ContractError):
        made.controls.on_control(record(b"nonsense"))
