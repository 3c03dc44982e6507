from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import psutil

from deploy.local import reaper
from tests.waiting import Eventually

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
HOLDER = """
import os, subprocess, sys
from pathlib import Path
from deploy.local.reaping import Reaper
sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(sleep, process_group=0, stdout=subprocess.DEVNULL)
Reaper(Path(sys.argv[1])).watch(child.pid)
print(child.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def test_the_groups_that_live_are_those_that_came_and_did_not_go() -> None:
    assert reaper.follow(["+10\n", "+11\n", "-10\n", "+12\n", "-13\n"]) == {11, 12}


def test_every_group_ends() -> None:
    first, second = (subprocess.Popen(SLEEP, process_group=0) for _ in range(2))
    reaper.end({first.pid, second.pid}, grace_s=5)
    assert (first.wait(5), second.wait(5)) == (-15, -15)


def test_a_group_that_is_gone_is_no_error() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""], process_group=0)
    gone.wait(10)
    reaper.end({gone.pid}, grace_s=1)


async def test_children_end_when_their_supervisor_is_killed(tmp_path: Path, eventually: Eventually) -> None:
    (tmp_path / "cluster.json").write_text("{}")
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "cluster.json")]
    holder = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await asyncio.wait_for(holder.communicate(), 30)
    assert holder.returncode == -9
    child = int(output)
    await eventually(lambda: not _alive(child) and not (tmp_path / "cluster.json").exists())


def _alive(pid: int) -> bool:
    # An orphan's body waits for init, which some containers lack.
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
