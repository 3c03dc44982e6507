import asyncio

from chassis.auth.claims import Identity
from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.revocations import Revocations
from contracts.client_frames import RefreshTokenFrame
from gateway.answers import Answers
from gateway.connection import Connection
from gateway.refresh import Refresh
from gateway.requests import Request
from tests.doubles.gateway import Inside, identity, turn
from tests.unit.gateway.test_upkeep import upkeep_of

FRAME, REQUEST = RefreshTokenFrame(token="t"), Request("refreshToken")


class Verifier:
    """Says what it was told to say."""

    def __init__(self, outcome: Identity | Exception) -> None:
        self.outcome = outcome
        self.gate = asyncio.Event()
        self.gate.set()

    async def verify(self, _token: str) -> Identity:
        await self.gate.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def refreshed(
    outcome: Identity | Exception, revocations: Revocations | None = None
) -> tuple[Connection, list[str]]:
    inside = Inside()
    connection = inside.connection("alice", features=("read",))
    verifier = Verifier(outcome)
    answers = Answers(inside.deliverer, wall_ms=inside.clock.wall_ms)
    refresh = Refresh(verifier, revocations or Revocations(), answers, upkeep_of(inside))  # type: ignore[arg-type]
    refresh.start(connection, REQUEST, FRAME)
    await turn()
    assert not connection.refreshing
    return connection, [frame.get("code", frame["type"]) for frame in inside.frames(connection)]


async def test_a_good_token_of_the_same_user_moves_the_end() -> None:
    fresh = identity("alice", expires_at=1_700_009_000.0)
    connection, answers = await refreshed(fresh)
    assert answers == ["TOKEN_REFRESHED"]
    assert connection.identity is fresh
    assert connection.life.expires_s == 9000.0


async def test_a_bad_token_or_another_s_changes_nothing() -> None:
    for outcome in (TokenError("EXPIRED"), identity("bob")):
        connection, answers = await refreshed(outcome)
        assert answers == ["INVALID_TOKEN"]
        assert connection.life.expires_s is None


async def test_a_revoked_token_is_no_good_one() -> None:
    revocations = Revocations(clock=lambda: 1000.0)
    revocations.record("alice", 999_000)
    _, answers = await refreshed(identity("alice", issued_at=900.0), revocations)
    assert answers == ["INVALID_TOKEN"]


async def test_an_issuer_that_is_away_is_a_reason_to_try_again() -> None:
    _, answers = await refreshed(KeysUnavailable("away"))
    assert answers == ["UNAVAILABLE"]


async def test_one_at_a_time() -> None:
    inside = Inside()
    connection = inside.connection("alice", features=("read",))
    verifier = Verifier(identity("alice"))
    verifier.gate.clear()
    answers = Answers(inside.deliverer, wall_ms=inside.clock.wall_ms)
    refresh = Refresh(verifier, Revocations(), answers, upkeep_of(inside))  # type: ignore[arg-type]
    refresh.start(connection, REQUEST, FRAME)
    refresh.start(connection, REQUEST, FRAME)
    assert [frame["code"] for frame in inside.frames(connection)] == ["THROTTLED"]
    verifier.gate.set()
    await turn()
    assert [frame["type"] for frame in inside.frames(connection)] == ["ERROR", "TOKEN_REFRESHED"]
