"""Fetches the engines with a progress bar, where they are missing: ``python -m deploy.local.fetch``."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local import jars
from deploy.local.faults import LocalClusterError
from deploy.local.java import find_java


def fetch_engines() -> None:
    """Java and every jar are there when it returns. Raises LocalClusterError with a sentence for the user."""
    find_java()
    columns = (
        TextColumn("kaiwa: Fetching Kafka and DynamoDB Local"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("jars", total=None, visible=False)
        jars.fetch(progress=lambda done, total: bar.update(task, completed=done, total=total, visible=True))


def main() -> int:
    """Exit code 0, or 1 after one sentence on stderr."""
    try:
        fetch_engines()
    except LocalClusterError as error:
        print(f"kaiwa: {error}", file=sys.stderr)  # noqa: T201 (a command's answer)
        return 1
    except KeyboardInterrupt:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
