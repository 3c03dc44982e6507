"""`python -m tests.chaos run` and `python -m tests.chaos judge FOLDER`."""

import asyncio
import json
import secrets
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.chaos import report
from tests.chaos.cluster import DISK
from tests.chaos.run import Outcome, Size, judged_again, run
from tests.chaos.schedule import Plan
from tests.small_disk import SmallDisk

app = typer.Typer(add_completion=False, no_args_is_help=True)
_MEMORY = Path("/dev/shm")
DISK_MB = 4_000
"""Room for the broker's data of some hours, where a file system of their own can be mounted."""
Json = Annotated[bool, typer.Option("--json", help="print figures and violations as JSON")]
Output = Annotated[Path, typer.Option("--output", help="where the report and its plots go")]


@app.command("run")
def run_command(
    seconds: Annotated[float, typer.Option(min=5, help="how long faults come")] = 600.0,
    kills: Annotated[int, typer.Option(min=0, help="go on until so many processes were killed")] = 0,
    messages: Annotated[int, typer.Option(min=0, help="go on until so many messages were acknowledged")] = 0,
    seed: Annotated[int | None, typer.Option(help="the same seed draws the same faults")] = None,
    rate: Annotated[float, typer.Option(min=1, help="messages a second")] = 60.0,
    rooms: Annotated[int, typer.Option(min=1)] = 30,
    longest: Annotated[float, typer.Option(min=1, help="seconds that a pause or an outage lasts at most")] = 20.0,
    folder: Annotated[Path | None, typer.Option("--dir", help="where the run's data go, and stay")] = None,
    output: Output = Path("chaos-report"),
    as_json: Json = False,
) -> None:
    """Kill, pause, cut off and fool a cluster of its own under load; exit code 1 where anything was not kept."""
    chosen = secrets.randbelow(2**31) if seed is None else seed
    where = folder or Path(tempfile.mkdtemp(prefix="kaiwa-chaos-", dir=_MEMORY if _MEMORY.is_dir() else None))
    console = Console(stderr=as_json)
    console.print(f"seed {chosen}, data in {where}")
    disk = SmallDisk(where / DISK)
    disk.mount(DISK_MB)
    plan = Plan(chosen, seconds=seconds, kills=kills, messages=messages, longest_s=longest)
    outcome = asyncio.run(_run(where, plan, Size(rooms, rate), console))
    _tell(outcome, output, console, as_json=as_json)
    if folder is None and not outcome.violations:
        disk.unmount()
        shutil.rmtree(where, ignore_errors=True)
    elif outcome.violations:
        console.print(
            f"kept: {where} (python -m tests.chaos judge {where}); {where / DISK} may be a mounted file system"
        )
    raise typer.Exit(1 if outcome.violations else 0)


@app.command("judge")
def judge_command(folder: Path, output: Output = Path("chaos-report"), as_json: Json = False) -> None:
    """Judge a run again, or one that was cut short, from its folder."""
    console = Console(stderr=as_json)
    outcome = asyncio.run(judged_again(folder, lambda _share, _text: None))
    _tell(outcome, output, console, as_json=as_json)
    raise typer.Exit(1 if outcome.violations else 0)


async def _run(folder: Path, plan: Plan, size: Size, console: Console) -> Outcome:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, refresh_per_second=1) as progress:
        task = progress.add_task("starting", total=1.0)
        return await run(
            folder, plan, size, lambda share, text: progress.update(task, completed=share, description=text), stop
        )


def _tell(outcome: Outcome, output: Path, console: Console, *, as_json: bool) -> None:
    made = f"{time.strftime('%Y-%m-%d %H:%M')}, seed {outcome.seed}"
    figures = report.write(outcome, output, made=made)
    for violation in outcome.violations[:50]:
        console.print(str(violation), style="red", highlight=False)
    console.print(f"{len(outcome.violations)} violations; report in {output}")
    if as_json:
        told = {"seed": outcome.seed, "violations": [str(one) for one in outcome.violations], "figures": figures}
        print(json.dumps(told, indent=2))  # noqa: T201 - the command's answer


if __name__ == "__main__":
    app()
