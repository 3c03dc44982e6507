"""How a start looks on a terminal, and what it says at its end."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from pathlib import Path
from typing import Any, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.cluster import DEFAULT_DIRECTORY, Cluster


class StartBar:
    """A bar that counts the processes which are ready; lines in between stay above it.

    It outlives its terminal: what is shown after that was closed is lost, and nothing is raised.
    """

    def __init__(self) -> None:
        columns = (
            TextColumn("kaiwa:"),
            BarColumn(20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
        )
        self._console = Console(file=lasting(sys.stderr), highlight=False, soft_wrap=True)
        self._progress = Progress(*columns, console=self._console, transient=True)
        self._task = self._progress.add_task("Starting", total=None, visible=False)
        self._progress.start()

    def step(self, text: str, done: int, of: int) -> None:
        """``done`` of ``of`` are ready; ``text`` says what is waited for."""
        self._progress.update(self._task, description=text, completed=done, total=of, visible=True)

    def say(self, line: str) -> None:
        """A line for people."""
        self._console.print(f"kaiwa: {line}", markup=False)

    def close(self) -> None:
        """The bar goes away."""
        self._progress.stop()


def lasting(stream: TextIO) -> TextIO:
    """`stream`, but what is written when its terminal or pipe has gone is lost in place of an error."""
    return cast(TextIO, _Lasting(stream))


class _Lasting:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def summary(cluster: Cluster, *, detached: bool) -> str:
    """Addresses of a ready cluster and the exact commands to try next."""
    gateways = [name for name in cluster.processes if name.startswith("gateway-")]
    several = f" (gateway-1 of {len(gateways)}; the others are in cluster.json)" if len(gateways) > 1 else ""
    folder = _shown(cluster.directory)
    kaiwa = _shown(Path(sys.executable).with_name("kaiwa"))
    option = "" if cluster.directory.absolute() == DEFAULT_DIRECTORY.absolute() else f" --dir {shlex.quote(folder)}"
    stop = f"{kaiwa} down{option}" if detached else "Ctrl-C"
    return f"""
Kaiwa is up.

  Web page         {cluster["webUrl"]}
  HTTP API         {cluster["httpApiUrl"]}/api (described at /api/openapi.json)
  WebSocket        {cluster["websocketUrl"]}?token=…{several}
  Connection API   {cluster["connectionApiUrl"]}
  Kafka            {cluster["kafkaBootstrap"]}
  DynamoDB Local   {cluster["dynamodbEndpoint"]}, table {cluster["table"]} (on every interface of this machine)

  {folder}/cluster.json describes it for programs, {folder}/logs holds the logs.

Open the web page in two windows, or try this in two terminals:

  {kaiwa} chat lobby --as alice{option}
  {kaiwa} chat lobby --as bob{option}

{kaiwa} status{option} shows every process; {stop} stops them.
"""


def _shown(path: Path) -> str:
    """Relative to where one stands, if it is below."""
    absolute = Path(os.path.abspath(path))  # Not resolved: a venv's python is a link and must stay one.
    return str(absolute.relative_to(Path.cwd())) if absolute.is_relative_to(Path.cwd()) else str(absolute)
