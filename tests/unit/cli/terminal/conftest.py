"""A fake server, and people who talk through it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.cli.terminal.fake_server import FakeServer, running


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with running(FakeServer()) as server:
        yield server
