from __future__ import annotations

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
    own = psutil.Process()
    assert leftovers.is_same(own.pid, own.create_time())


def test_another_process_with_the_same_number_is_not_ours() -> None:
    own = psutil.Process()
    entry = {"pid": own.pid, "created": own.create_time() - 60}
    assert leftovers.living([entry]) == []
    assert leftovers.end([entry]) == 0


def test_what_does_not_end_by_itself_is_killed(stubborn: subprocess.Popen[bytes]) -> None:
    entry = {"pid": stubborn.pid, "created": psutil.Process(stubborn.pid).create_time()}
    assert leftovers.end([entry], grace_s=0.3) == 1
    assert stubborn.wait(10) == -9


def test_a_paused_process_is_woken_to_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", SLEEP], process_group=0)
    paused = psutil.Process(process.pid)
    created = paused.create_time()
    paused.suspend()
    leftovers.end([{"pid": process.pid, "created": created}], grace_s=10)
    assert process.wait(10) == -15
