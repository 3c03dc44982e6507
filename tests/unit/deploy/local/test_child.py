"""One child process and its signals."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.child import Child, ProcessSpec

BUSY = """
import threading, time
def count():
    while True:
        time.sleep(0)
for _ in range(8):
    threading.Thread(target=count).start()
"""


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Child]:
    """One with eight threads that are never done."""
    child = Child(ProcessSpec("busy", (sys.executable, "-c", BUSY), tmp_path / "log", 0, lambda: None))
    yield child
    child.signal(signal.SIGKILL)
    assert child.wait(10)


def states(child: Child) -> set[str]:
    """Of its threads, as Linux tells them."""
    return {stat.read_text().rpartition(")")[2].split()[0] for stat in Path(f"/proc/{child.pid}/task").glob("*/stat")}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the states of threads")
def test_all_its_threads_stand_still_when_pause_returns(busy: Child) -> None:
    for _ in range(100):
        busy.pause()
        assert states(busy) == {"T"}
        busy.signal(signal.SIGCONT)


def test_one_that_was_paused_is_still_its_parents_to_wait_for(busy: Child) -> None:
    busy.pause()
    assert busy.alive
    busy.signal(signal.SIGCONT)
    busy.signal(signal.SIGTERM)
    assert busy.wait(10)
    assert busy.exit_code == -signal.SIGTERM


def test_one_that_has_gone_is_not_waited_for(busy: Child) -> None:
    busy.signal(signal.SIGKILL)
    assert busy.wait(10)
    busy.pause(within_s=60)
