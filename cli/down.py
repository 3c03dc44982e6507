"""`kaiwa down`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.cluster import DEFAULT_DIRECTORY
from deploy.local.down import take_down
from deploy.local.home import Home


def down(
    directory: Annotated[Path, typer.Option("--dir", help="the cluster's folder")] = DEFAULT_DIRECTORY,
    wipe: Annotated[bool, typer.Option("--wipe", help="remove its data, keys and logs too")] = False,
) -> None:
    """Stop the local cluster, or what a crash has left of it."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    home = Home(directory)
    with console.status(f"kaiwa: Stopping the cluster in {directory}"):
        ran = take_down(home, wipe=wipe, say=lambda line: console.print(f"kaiwa: {line}", markup=False))
    done = f"Stopped the cluster in {directory}" if ran else f"No cluster was running in {directory}"
    typer.echo(f"kaiwa: {done}{'; its data is removed' if wipe else ''}.", err=True)
