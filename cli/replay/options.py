"""Options that several commands take, and how their values are read."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer

from contracts.timestamps import epoch_ms

Directory = Annotated[Path, typer.Option("--dir", help="Folder of the local cluster.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
AsJsonLines = Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")]
ShowContent = Annotated[bool, typer.Option("--show-content", help="Show what people wrote, not only how long it is.")]
Capsule = Annotated[
    str | None, typer.Option("--capsule", metavar="NAME", help="Ask an imported capsule instead of the live topics.")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="From then on (2026-07-30T18:00:00Z, 90m, 2d).")
]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Until then.")]

_AGO = re.compile(r"(\d+)\s*([smhd])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def moment(text: str | None) -> int | None:
    """Epoch ms of an ISO 8601 time with its zone, or of so long ago (`90s`, `15m`, `2h`, `3d`).

    Raises typer.BadParameter.
    """
    if text is None:
        return None
    if ago := _AGO.fullmatch(text.strip()):
        return int(time.time() * 1000) - int(ago[1]) * _UNIT_MS[ago[2]]
    try:
        return epoch_ms(text.strip())
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time: write 2026-07-30T18:00:00Z, or how long ago: 90s, 15m, 2h, 3d"
        ) from None
