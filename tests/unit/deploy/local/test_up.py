from __future__ import annotations

import asyncio
import errno
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deploy.local import up
from deploy.local.home import Home
from deploy.local.options import Options, Screen
from deploy.local.up import Run, stages


def test_sockets_are_closed_while_all_that_hears_of_it_still_runs_and_storage_ends_last() -> None:
    order = stages(2)
    assert order[0] == ["gateway-1", "gateway-2"]
    assert order[-1] == ["dynamodb", "kafka"]
    assert order.index(["fanout"]) < next(i for i, stage in enumerate(order) if "persistence" in stage)


def test_a_cluster_whose_terminal_was_closed_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def starting(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.Event().wait()

    def gone(_: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def stopped() -> None:
        home = Home(tmp_path)
        screen = Screen(lambda *_: None, gone, lambda _: None)
        run = Run(cast(Any, SimpleNamespace(home=home)), Options(tmp_path), screen)
        try:
            async with asyncio.timeout(10):
                await run.until_stopped()
        finally:
            run.close()

    monkeypatch.setattr(up, "start", starting)
    # Under nohup it is ignored, and stays so.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        # In a loop of its own, which takes its handlers of signals with it.
        asyncio.run(stopped())
    finally:
        signal.signal(signal.SIGHUP, before)
