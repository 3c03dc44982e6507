from gateway.limits import TimeLimits
from gateway.outbox import text_frame
from gateway.upkeep import Upkeep
from tests.doubles.gateway import Inside, socket_of

LIMITS = TimeLimits(idle_s=600, duration_s=7200, expiry_grace_s=30, ping_interval_s=25, pong_timeout_s=20)


def upkeep_of(inside: Inside, *, always: bool = False) -> Upkeep:
    return Upkeep(
        registry=inside.registry,
        endings=inside.endings,
        deliverer=inside.deliverer,
        outboxes=inside.outboxes,
        wheel=inside.wheel,
        limits=LIMITS,
        outbox_s=30.0,
        always_expire=always,
        wall_s=inside.clock.wall_s,
    )


async def test_a_connection_is_pinged_and_lost_when_nothing_comes_back() -> None:
    inside = Inside()
    connection = inside.connection()
    upkeep_of(inside).look_after(connection)
    inside.pass_s(25.3)
    assert socket_of(connection).pings == 1
    connection.life.heard_s = inside.clock() + 0.01
    inside.pass_s(25.4)
    assert socket_of(connection).pings == 2
    inside.pass_s(20.3)
    assert socket_of(connection).aborted
    assert inside.publisher.events()[0].code == 1006


async def test_an_idle_one_is_closed_and_an_active_one_is_not() -> None:
    inside = Inside()
    upkeep = upkeep_of(inside)
    idle, active = inside.connection("idle"), inside.connection("active")
    for connection in (idle, active):
        upkeep.look_after(connection)
    for _ in range(610):
        inside.pass_s(1.0)
        idle.life.heard_s = active.life.heard_s = active.life.active_s = inside.clock()
    assert socket_of(idle).closed == (1001, "Going away")
    assert socket_of(active).closed is None


async def test_expiry_ends_those_that_asked_for_more_or_all() -> None:
    for features, always, ends in (((), False, False), (("read",), False, True), ((), True, True)):
        inside = Inside()
        upkeep = upkeep_of(inside, always=always)
        connection = inside.connection(features=features)
        upkeep.expires(connection, inside.clock.wall_s() + 10)
        upkeep.look_after(connection)
        inside.pass_s(39.0)
        connection.life.heard_s = inside.clock() + 0.01
        assert socket_of(connection).closed is None
        inside.pass_s(1.3)
        assert (socket_of(connection).closed == (4401, "Token expired")) is ends


async def test_a_fresh_token_moves_the_end_later_and_earlier() -> None:
    inside = Inside()
    upkeep = upkeep_of(inside, always=True)
    connection = inside.connection()
    upkeep.expires(connection, inside.clock.wall_s() + 10)
    upkeep.look_after(connection)
    upkeep.expires(connection, inside.clock.wall_s() + 1000)
    for _ in range(4):
        inside.pass_s(20.0)
        connection.life.heard_s = inside.clock()
    assert socket_of(connection).closed is None
    upkeep.expires(connection, inside.clock.wall_s() - 29.5)
    inside.pass_s(0.7)
    assert socket_of(connection).closed == (4401, "Token expired")


async def test_an_outbox_that_does_not_empty_closes_its_connection() -> None:
    inside = Inside()
    upkeep = upkeep_of(inside)
    connection, good = inside.connection(), inside.connection()
    upkeep.start()
    for each in (connection, good):
        each.outbox.offer(text_frame(b"x"))
    inside.end_turn()
    socket_of(good).read()
    for _ in range(34):
        inside.pass_s(1.0)
    assert socket_of(connection).closed == (4408, "behind")
    assert socket_of(good).closed is None


async def test_an_ended_connection_is_not_looked_at() -> None:
    inside = Inside()
    connection = inside.connection()
    upkeep_of(inside).look_after(connection)
    inside.endings.close_as(connection, 1000, "")
    inside.pass_s(10_000)
    assert socket_of(connection).pings == 0
