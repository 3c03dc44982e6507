"""What the endpoints stand on, put together in app.py, and how a request gets at it."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from chassis.traces.port import Traces
from services.persistence.api.authentication import Authentication
from services.persistence.api.commands import Commands
from services.persistence.api.presence import PresenceView
from services.persistence.api.rates import Rates
from services.persistence.api.records import Records
from services.persistence.api.settings import ApiSettings


@dataclass(frozen=True, kw_only=True)
class Parts:
    """One process's parts."""

    settings: ApiSettings
    records: Records
    commands: Commands
    authentication: Authentication
    rates: Rates
    presence: PresenceView
    presence_known: Callable[[], bool]
    """Whether all of chat.presence has been read."""
    traces: Traces | None = None


def parts(request: Request) -> Parts:
    """The parts of the process that answers."""
    found: Parts = request.app.state.parts
    return found
