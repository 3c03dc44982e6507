"""The short run of every target; `make fuzz` is the long one."""

import importlib.util
import subprocess
import sys

import pytest

from tests.fuzz.__main__ import NAMES
from tests.fuzz.by_hypothesis import seeds, tried
from tests.fuzz.targets import TARGETS

SECONDS, EXAMPLES = 2, 80


def test_every_target_can_be_named_on_the_command_line() -> None:
    assert set(NAMES) == set(TARGETS)


@pytest.mark.parametrize("name", NAMES)
def test_no_kept_input_breaks_its_target(name: str) -> None:
    kept = seeds(name)
    assert kept
    for data in kept:
        TARGETS[name](data)


@pytest.mark.parametrize("name", NAMES)
def test_no_changed_input_breaks_its_target(name: str) -> None:
    tried(name, EXAMPLES)


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel here")
@pytest.mark.parametrize("name", NAMES)
def test_a_few_seconds_guided_by_coverage_find_nothing(name: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
