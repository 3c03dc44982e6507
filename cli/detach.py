"""A supervisor in a session of its own, and the pipe through which it tells its launcher how it goes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from deploy.local.engines import tail
from deploy.local.faults import LocalClusterError
from deploy.local.home import Home
from deploy.local.options import Options, Screen
from deploy.local.up import bring_up


def launch(options: Options, step: Callable[[str, int, int], None], say: Callable[[str], None]) -> None:
    """Starts the supervisor and returns when the cluster is ready; Ctrl-C before that stops it.

    Raises LocalClusterError with the supervisor's own reason, or ``SUPERVISOR_DIED`` with the last lines of its log.
    """
    home = Home(options.folder)
    _make(home)
    reading, writing = os.pipe()
    with home.log("supervisor").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 (ourselves)
            _command(options, writing),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(writing,),
            start_new_session=True,
        )
    os.close(writing)
    try:
        _follow(reading, home, step, say)
    except KeyboardInterrupt:
        process.send_signal(signal.SIGTERM)
        process.wait()
        raise


def supervise(options: Options, report_to: int) -> None:
    """What the launched process does: the cluster, reporting into the pipe until it is ready."""
    os.set_inheritable(report_to, False)
    report = _Report(report_to)
    screen = Screen(
        step=lambda text, done, of: report({"step": [text, done, of]}),
        say=lambda line: report({"say": line}),
        ready=lambda _: report({"ready": True}, last=True),
    )
    try:
        bring_up(options, screen)
    except Exception as error:
        if isinstance(code := getattr(error, "code", None), str):
            report({"failed": str(error), "code": code}, last=True)
        raise


class _Report:
    """Lines of JSON for the launcher; what people may want to read later goes to the supervisor's own log too."""

    def __init__(self, descriptor: int) -> None:
        self._pipe = os.fdopen(descriptor, "w", encoding="utf-8")

    def __call__(self, line: dict[str, Any], *, last: bool = False) -> None:
        if "say" in line:
            # On a full disk the log takes nothing, and the cluster goes on.
            with contextlib.suppress(OSError):
                sys.stderr.write(f"kaiwa: {line['say']}\n")
                sys.stderr.flush()
        if self._pipe.closed:
            return
        # Broken when the launcher was killed; the cluster goes on.
        with contextlib.suppress(BrokenPipeError):
            self._pipe.write(json.dumps(line) + "\n")
            self._pipe.flush()
            if last:
                self._pipe.close()


def _follow(reading: int, home: Home, step: Callable[[str, int, int], None], say: Callable[[str], None]) -> None:
    with os.fdopen(reading, encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            if "step" in told:
                step(*told["step"])
            elif "say" in told:
                say(told["say"])
            elif "failed" in told:
                raise LocalClusterError(told["code"], told["failed"])
            else:
                return
    log = home.log("supervisor")
    raise LocalClusterError(
        "SUPERVISOR_DIED", f"The supervisor ended before the cluster was ready; the end of {log}:\n{tail(log)}"
    )


def _command(options: Options, writing: int) -> list[str]:
    command = [sys.executable, "-m", "cli.app", "up", "--dir", str(options.folder.absolute())]
    command += ["--gateways", str(options.gateways), "--report-to", str(writing)]
    command += ["--port-base", str(options.port_base)] if options.port_base is not None else []
    return command + (["--ephemeral"] if options.ephemeral else [])


def _make(home: Home) -> None:
    try:
        home.logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalClusterError(
            "BAD_FOLDER", f"{home.folder} cannot be used ({error}): name another with --dir."
        ) from error
