"""What a batch of one partition asks for, before anything is done. Pure.

A record that is bad in itself is put aside and the rest goes on. One in a newer version than this code knows stops the
batch in front of it: it waits for newer code, and so does what comes after it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chassis.records import Outgoing, Record
from contracts.connections import Connected
from contracts.envelope import UnknownVersion
from services.presence.leases import Cause, EpochKey
from services.presence.orders import closing, retirement
from services.presence.received import Received, receive
from services.presence.state import UserState, fold, surplus

Ended = Callable[[EpochKey, int], Cause | None]
"""Why the epoch of a connection is over, which the log took at that broker time."""


@dataclass(slots=True)
class Plan:
    """The effects of the first `taken` records."""

    taken: int = 0
    written: list[Received] = field(default_factory=list)
    """Events that change the table, in order."""
    states: dict[str, UserState] = field(default_factory=dict)
    """The users that have changed, as they are afterwards."""
    retired: list[Outgoing] = field(default_factory=list)
    """Published before the states: what is above an event's position must not hide that it was never told."""
    closings: list[Outgoing] = field(default_factory=list)
    bad: list[tuple[Record, Exception]] = field(default_factory=list)


def plan(
    records: Sequence[Record], users: Mapping[str, UserState], *, ended: Ended, most: int, occurred_at: str
) -> Plan:
    """Fold `records` over `users`, which stay as they are; raises UnknownVersion if the first one has to wait."""
    made = Plan()
    for record in records:
        try:
            received = receive(record)
        except UnknownVersion:
            if not made.taken:
                raise
            break
        except Exception as error:
            if getattr(error, "retryable", False):
                raise
            made.bad.append((record, error))
        else:
            _take(made, received, users, ended, most, occurred_at)
        made.taken += 1
    return made


def _take(
    made: Plan, received: Received, users: Mapping[str, UserState], ended: Ended, most: int, occurred_at: str
) -> None:
    event = received.event
    before = made.states.get(event.user_id) or users.get(event.user_id) or UserState(event.user_id)
    cause = (
        ended(EpochKey(event.gateway_id, event.epoch), received.arrived_ms) if isinstance(event, Connected) else None
    )
    if isinstance(event, Connected) and cause is not None and received.offset > before.position:
        # It is gone already: nobody is told that the user came, but the log tells that it went.
        made.retired.append(retirement(event.user_id, event, cause, occurred_at))
        return
    made.written.append(received)
    after = fold(before, received)
    if after is before:
        return
    made.states[event.user_id] = after
    if isinstance(event, Connected) and surplus(after, most):
        made.closings.append(closing(event.user_id, after.connections[-1], occurred_at))
