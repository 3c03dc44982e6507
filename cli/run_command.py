"""The help and the argument of `kaiwa run`."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from cli.run import PROCESSES, run_process

Process = Enum("Process", {name: name for name in PROCESSES})  # type: ignore[misc] # the names are in one place


def run(process: Annotated[Process, typer.Argument(help="which one", show_choices=True)]) -> None:
    """Run one process in the foreground; what images and manifests start.

    It reads its settings from the environment (KAIWA_…) alone; a missing or wrong one is named, and the exit code is 2.
    """
    raise typer.Exit(run_process(process.name))
