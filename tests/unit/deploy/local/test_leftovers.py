from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from deploy.local import leftovers

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


@pytest.fixture
def stubborn() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], process_group=0, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_process_is_known_by_its_number_and_its_birth() -> None:
    own = leftovers.identity(os.getpid())
    assert leftovers.living([own]) == [os.getpid()]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the time of a birth is written down when it happens")
def test_a_step_of_the_clock_makes_no_other_process_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = leftovers.identity(os.getpid())
    created = psutil.Process().create_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: created + 3600)
    assert leftovers.living([own]) == [os.getpid()]


def test_another_process_with_the_same_number_is_not_ours() -> None:
    entry = {**leftovers.identity(os.getpid()), "born": leftovers.identity(os.getppid())["born"]}
    assert leftovers.living([entry]) == []
    assert leftovers.living([{"pid": os.getpid()}]) == []
    assert leftovers.end([entry]) == 0


def test_what_does_not_end_by_itself_is_killed(stubborn: subprocess.Popen[bytes]) -> None:
    entry = leftovers.identity(stubborn.pid)
    assert leftovers.end([entry], grace_s=0.3) == 1
    assert stubborn.wait(10) == -9


def test_a_paused_process_is_woken_to_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", SLEEP], process_group=0)
    paused = leftovers.identity(process.pid)
    psutil.Process(process.pid).suspend()
    leftovers.end([paused], grace_s=10)
    assert process.wait(10) == -15
