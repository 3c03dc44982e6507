"""`python -m bench.gateway [PART ...]`: shows the tables, writes bench/gateway.md."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bench.gateway import draining, handshakes, stalled
from bench.machine import open_as_many_files_as_allowed
from bench.report import Report, Section

PARTS: dict[str, Callable[[], Awaitable[Section]]] = {
    "handshakes": handshakes.measure,
    "stalled": stalled.measure,
    "draining": draining.measure,
}
REPORT = Path(__file__).parents[1] / "gateway.md"


def main(
    parts: Annotated[list[str] | None, typer.Argument(help=", ".join(PARTS))] = None,
    output: Annotated[Path, typer.Option("--output", help="where the report goes")] = REPORT,
) -> None:
    """Measure one gateway on this machine."""
    chosen = parts or list(PARTS)
    if unknown := set(chosen) - PARTS.keys():
        raise typer.BadParameter(f"no such part: {', '.join(sorted(unknown))}")
    open_as_many_files_as_allowed()
    report, console = Report(), Console()

    async def all_parts() -> None:
        for name in chosen:
            report.add(await PARTS[name](), console)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(all_parts())
    report.write(output, command=" ".join(["python -m bench.gateway", *(parts or [])]))
    console.print(f"Written to {output}", style="dim")


if __name__ == "__main__":
    typer.run(main)
