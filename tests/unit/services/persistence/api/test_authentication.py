from typing import Any, cast

import pytest

from chassis.auth.claims import Identity
from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.revocations import Revocations
from chassis.auth.verifier import Verifier
from chassis.records import Record
from contracts.controls import EpochLapsed, SessionsRevoked
from contracts.envelope import encode
from contracts.timestamps import iso
from contracts.topics import CONTROLS
from services.persistence.api.authentication import Authentication, Caller
from services.persistence.api.problems import Problem

NOW = 1_753_900_000


class Verified:
    """Stands in for the verifier, which has tests of its own."""

    def __init__(self, outcome: Identity | Exception) -> None:
        self.outcome = outcome

    async def verify(self, _token: str) -> Identity:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def identity(**changes: Any) -> Identity:
    values: dict[str, Any] = {
        "user_id": "alice",
        "name": "Alice",
        "groups": (),
        "issued_at": NOW,
        "expires_at": NOW + 60,
    }
    return Identity(**(values | changes))


def authentication(outcome: Identity | Exception, *, known: bool = True) -> Authentication:
    return Authentication(
        cast(Verifier, Verified(outcome)),
        Revocations(clock=lambda: NOW + 10.0),
        admin_group="admin",
        revocations_known=lambda: known,
    )


async def refusal(made: Authentication, token: str | None = "t") -> Problem:
    with pytest.raises(Problem) as raised:
        await made.caller(token)
    return raised.value


def revoked(at_s: float) -> SessionsRevoked:
    return SessionsRevoked(event_id="e", occurred_at="t", user_id="alice", revoked_at=iso(int(at_s * 1000)))


def record(event: Any) -> Record:
    return Record(CONTROLS.name, 0, 0, 0, b"k", encode(event))


async def test_the_groups_of_the_token_make_an_admin() -> None:
    assert await authentication(identity()).caller("t") == Caller("alice", "Alice", is_admin=False)
    assert (await authentication(identity(groups=("x", "admin"))).caller("t")).is_admin
    assert not (await authentication(identity(groups=("administrators",))).caller("t")).is_admin


def test_who_is_no_admin_may_not_do_an_admins_things() -> None:
    Caller("root", "Root", is_admin=True).require_admin()
    with pytest.raises(Problem) as raised:
        Caller("alice", "Alice", is_admin=False).require_admin()
    assert raised.value.code == "FORBIDDEN"


@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_token_the_answer_names_the_scheme_and_no_error(token: str | None) -> None:
    problem = await refusal(authentication(identity()), token)
    assert (problem.code, problem.headers) == ("UNAUTHENTICATED", {"WWW-Authenticate": 'Bearer realm="kaiwa"'})


async def test_a_token_that_is_refused_is_401_with_the_reason() -> None:
    problem = await refusal(authentication(TokenError("EXPIRED")))
    assert (problem.code, problem.detail) == ("UNAUTHENTICATED", "The token has expired")
    assert 'error="invalid_token"' in problem.headers["WWW-Authenticate"]


async def test_keys_that_cannot_be_fetched_are_503() -> None:
    assert (await refusal(authentication(KeysUnavailable("away")))).code == "UNAVAILABLE"


async def test_nobody_is_let_in_before_it_is_known_whose_sessions_were_revoked() -> None:
    assert (await refusal(authentication(identity(), known=False))).code == "UNAVAILABLE"


async def test_a_revocation_refuses_the_tokens_issued_until_then() -> None:
    made = authentication(identity())
    made.apply(record(revoked(NOW + 5)))
    assert (await refusal(made)).code == "UNAUTHENTICATED"


async def test_a_token_issued_after_the_revocation_is_believed() -> None:
    made = authentication(identity(issued_at=NOW + 6))
    made.apply(record(revoked(NOW + 5)))
    assert (await made.caller("t")).user_id == "alice"


async def test_orders_for_gateways_are_nothing_to_the_api() -> None:
    made = authentication(identity())
    made.apply(record(EpochLapsed(event_id="e", occurred_at="t", gateway_id="g", epoch="2fa4b0c1")))
    assert (await made.caller("t")).user_id == "alice"
