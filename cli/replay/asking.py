"""What surrounds every question: settings of the cluster, errors as sentences, a bar on standard error."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import typer
from aiokafka.errors import KafkaError
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from chassis import logs
from chassis.settings import SettingsError, load
from cli.cluster import export
from cli.differences import complain
from replay.log import Beginning
from replay.settings import ReplaySettings


class Bar:
    """How far a question is, on standard error; gone when it is answered."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self.console = Console(stderr=True, highlight=False)
        self._progress = Progress(*columns, console=self.console, transient=True)
        self._task = self._progress.add_task("Reading", total=None)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, done: int, total: int) -> None:
        """So much of so much is done."""
        self._progress.update(self._task, completed=done, total=max(total, 1))

    def hide(self) -> None:
        """Make way for a question."""
        self._progress.stop()

    def phase(self, text: str) -> None:
        """Another part of the work begins."""
        self._progress.reset(self._task, description=text, total=None)


def ask(directory: Path, question: Callable[[ReplaySettings, Bar], Awaitable[int]]) -> None:
    """Put the question to the cluster of `directory` and end with the exit code that it returns.

    Errors that can be foreseen are printed as a sentence; exit code 1, or 2 for wrong settings.
    """
    logs.setup("replay", level="error", form="text")
    # It logs what it raises; here everything is said once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        export(directory)
        settings = load(ReplaySettings)
        with Bar() as bar:
            code = asyncio.run(_answered(question, settings, bar))
    except SettingsError as error:
        complain(str(error), exit_code=2)
    except KafkaError as error:
        complain(f"Kafka does not answer as it should: {type(error).__name__}: {error}")
    except (BotoCoreError, ClientError) as error:
        complain(f"The table does not answer as it should: {error}")
    except Exception as error:
        if not isinstance(getattr(error, "code", None), str):
            raise
        complain(str(error))
    raise typer.Exit(code)


async def _answered(
    question: Callable[[ReplaySettings, Bar], Awaitable[int]], settings: ReplaySettings, bar: Bar
) -> int:
    return await question(settings, bar)


def say(line: str, *, style: str | None = None) -> None:
    """A line of the answer, for people."""
    Console(highlight=False, soft_wrap=True).print(line, markup=False, style=style)


def say_json(answer: Any) -> None:
    """The answer, or a line of it, for programs."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")


def say_beginnings(found: Sequence[Beginning], *, as_json: bool) -> None:
    """Where retention has taken the past: never left out, so that nobody takes it for a fault."""
    for one in found:
        if as_json:
            say_json(
                {
                    "type": "historyBegins",
                    "topic": one.part.topic,
                    "partition": one.part.partition,
                    "offset": one.offset,
                    "time": one.time,
                }
            )
        else:
            say(str(one), style="yellow")
