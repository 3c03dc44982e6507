"""`python -m tests.fuzz [TARGET …] [--seconds S | --runs N]`: looks for inputs that break a target, guided by coverage.

What reaches new code is kept in corpus/TARGET/ (commit it); what breaks a target is written to crashes/ and named.
With atheris (Linux, x86-64) each target runs in a process of its own; elsewhere hypothesis tries the same targets.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CORPUS, CRASHES = HERE / "corpus", HERE / "crashes"
NAMES = ("frames", "tokens", "sigv4", "bulk")
LONGEST = {"frames": 4_096, "tokens": 4_096, "sigv4": 2_048, "bulk": 2_048}
RSS_MB = 2_048
ONE_INPUT_S = 10


def main() -> int:
    """0: nothing was found; 1: something was, and its file is named above."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", default=list(NAMES), metavar="TARGET", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--runs", type=int, default=-1, help="inputs for each target; in place of --seconds")
    parser.add_argument("--keep", action="store_true", help="add what reaches new code to the corpus")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if unknown := set(chosen.targets) - set(NAMES):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if chosen.inside:
        _atheris(chosen.targets[0], chosen.seconds, chosen.runs, keep=chosen.keep)
    run = _in_a_process if importlib.util.find_spec("atheris") else _hypothesis
    found = [name for name in chosen.targets if not run(name, chosen.seconds, chosen.runs, keep=chosen.keep)]
    print(f"broken: {', '.join(found)}" if found else f"nothing found in {', '.join(chosen.targets)}")
    return 1 if found else 0


def _in_a_process(name: str, seconds: int, runs: int, *, keep: bool) -> bool:
    options = ["--seconds", str(seconds), "--runs", str(runs), *(["--keep"] if keep else [])]
    return subprocess.run([sys.executable, "-m", "tests.fuzz", name, "--inside", *options], check=False).returncode == 0


def _atheris(name: str, seconds: int, runs: int, *, keep: bool) -> None:
    import logging
    import tempfile

    import atheris
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    with atheris.instrument_imports(include=["gateway", "chassis", "contracts", "websockets", "tests.fuzz"]):
        from tests.fuzz.targets import TARGETS
    CRASHES.mkdir(exist_ok=True)
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    # libFuzzer writes what it finds into the first folder and only reads the others.
    folders = [str(CORPUS / name)] if keep else [tempfile.mkdtemp(prefix=f"fuzz-{name}-"), str(CORPUS / name)]
    limit = f"-runs={runs}" if runs >= 0 else f"-max_total_time={seconds}"
    options = [
        limit,
        f"-max_len={LONGEST[name]}",
        f"-timeout={ONE_INPUT_S}",
        f"-rss_limit_mb={RSS_MB}",
        f"-artifact_prefix={CRASHES}/{name}-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    atheris.Setup([sys.argv[0], *options, *folders], TARGETS[name])
    atheris.Fuzz()


def _hypothesis(name: str, seconds: int, runs: int, *, keep: bool) -> bool:
    from tests.fuzz.by_hypothesis import tried

    try:
        tried(name, runs if runs >= 0 else seconds * 200)
    except AssertionError as error:
        print(f"{name}: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
