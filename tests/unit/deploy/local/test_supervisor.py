"""A supervisor with small stand-ins for processes: what it starts again, what it gives up, how it stops."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.readiness import unready
from deploy.local import ports
from deploy.local.child import ProcessSpec
from deploy.local.faults import LocalClusterError
from deploy.local.reaping import Reaper
from deploy.local.supervisor import Supervisor
from tests.waiting import Eventually

GOODBYE = 'lambda *_: (print(sys.argv[2], "said goodbye", flush=True), sys.exit(0))'
SERVER = f"""
import http.server, signal, sys
signal.signal(signal.SIGTERM, {GOODBYE})
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[3])); self.end_headers()
        self.wfile.write(b'{{"missing": {{"kafka": "away"}}}}')
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
STUBBORN = SERVER.replace(GOODBYE, "signal.SIG_IGN")


class Stand:
    """A supervisor and what it said."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.changes = 0
        self.folder = folder
        self.reaper = Reaper()
        self.supervisor = Supervisor(self.reaper, changed=self._changed, say=self.said.append)

    def spec(self, name: str, program: str = SERVER, status: int = 200, grace_s: float = 5.0) -> ProcessSpec:
        port = ports.free_port()
        return ProcessSpec(
            name=name,
            argv=(sys.executable, "-c", program, str(port), name, str(status)),
            log=self.folder / "all.log",
            port=port,
            missing=lambda: unready(port),
            stop_grace_s=grace_s,
        )

    def pid(self, name: str) -> int:
        child = self.supervisor.kept[name].child
        assert child
        return child.pid

    def _changed(self) -> None:
        self.changes += 1


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    made = Stand(tmp_path)
    yield made
    hurry = asyncio.Event()
    hurry.set()
    await made.supervisor.stop([list(made.supervisor.kept)], hurry)
    made.reaper.close()


async def test_a_process_is_ready_when_it_says_so(stand: Stand) -> None:
    stand.supervisor.start(stand.spec("one"))
    await stand.supervisor.ready(["one"], timeout_s=20)
    assert stand.changes == 1


async def test_a_process_that_never_gets_ready_is_named_with_what_it_lacks(stand: Stand) -> None:
    stand.supervisor.start(stand.spec("one", status=503))
    with pytest.raises(LocalClusterError, match="one: kafka: away"):
        await stand.supervisor.ready(["one"], timeout_s=2)


async def test_a_process_that_is_killed_is_started_again(stand: Stand, eventually: Eventually) -> None:
    stand.supervisor.start(stand.spec("one"))
    await stand.supervisor.ready(["one"], timeout_s=20)
    first = stand.pid("one")
    child = stand.supervisor.kept["one"].child
    assert child
    child.signal(signal.SIGKILL)
    await eventually(lambda: stand.pid("one") != first)
    assert stand.said == ["one ended with exit code -9; starting it again in 1 s"]
    assert stand.supervisor.kept["one"].recorded()["restarts"] == 1


async def test_a_process_with_wrong_settings_is_given_up_at_once_with_the_end_of_its_log(stand: Stand) -> None:
    stand.supervisor.start(stand.spec("one", "import sys; print('KAIWA_X is missing'); sys.exit(2)"))
    with pytest.raises(LocalClusterError, match="KAIWA_X is missing"):
        await stand.supervisor.ready(["one"], timeout_s=20)


async def test_a_process_that_forgets_what_it_held_ends_the_cluster_in_place_of_coming_back_empty(
    stand: Stand, eventually: Eventually
) -> None:
    stand.supervisor.start(dataclasses.replace(stand.spec("one"), forgets=True))
    await stand.supervisor.ready(["one"], timeout_s=20)
    os.killpg(stand.pid("one"), signal.SIGKILL)
    await eventually(stand.supervisor.failure.done)
    assert "one ended with exit code -9, and what it held in memory is gone" in str(stand.supervisor.failure.result())
    assert stand.supervisor.kept["one"].starts == 1


async def test_a_listener_that_belongs_to_somebody_else_is_not_used(stand: Stand, eventually: Eventually) -> None:
    theirs = stand.spec("theirs")
    stand.supervisor.start(theirs)
    await stand.supervisor.ready(["theirs"], timeout_s=20)
    stand.supervisor.start(ProcessSpec("ours", theirs.argv, theirs.log, theirs.port, theirs.missing))
    await eventually(lambda: f"port {theirs.port} for ours is taken by another program" in stand.said)
    assert not stand.supervisor.kept["ours"].ready.is_set()


async def test_stages_end_one_after_the_other(stand: Stand) -> None:
    for name in ("storage", "sockets"):
        stand.supervisor.start(stand.spec(name))
    await stand.supervisor.ready(["storage", "sockets"], timeout_s=20)
    await stand.supervisor.stop([["sockets"], ["storage"]], asyncio.Event())
    goodbyes = [line for line in (stand.folder / "all.log").read_text().splitlines() if line.endswith("goodbye")]
    assert goodbyes == ["sockets said goodbye", "storage said goodbye"]


async def test_a_process_that_does_not_end_is_killed_after_its_grace(stand: Stand) -> None:
    stand.supervisor.start(stand.spec("one", STUBBORN, grace_s=0.5))
    await stand.supervisor.ready(["one"], timeout_s=20)
    child = stand.supervisor.kept["one"].child
    await stand.supervisor.stop([["one"]], asyncio.Event())
    assert child
    assert child.exit_code == -9


async def test_a_process_that_cannot_be_started_is_tried_again(stand: Stand, eventually: Eventually) -> None:
    spec = stand.spec("one")
    spec.log.mkdir()
    stand.supervisor.start(spec)
    await eventually(lambda: "one ended with exit code 1; starting it again in 1 s" in stand.said)
    spec.log.rmdir()
    await stand.supervisor.ready(["one"], timeout_s=20)


async def test_an_error_that_nobody_foresaw_ends_the_cluster_in_place_of_one_childs_keeping(tmp_path: Path) -> None:
    reaper = Reaper()

    def changed() -> None:
        raise RuntimeError("not foreseen")

    supervisor = Supervisor(reaper, changed=changed, say=lambda _line: None)
    supervisor.start(ProcessSpec("one", (sys.executable, "-c", ""), tmp_path / "log", ports.free_port(), lambda: None))
    with pytest.raises(LocalClusterError, match="not foreseen"):
        await supervisor.ready(["one"], timeout_s=20)
    await supervisor.stop([["one"]], asyncio.Event())
    reaper.close()
