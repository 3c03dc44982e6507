"""`kaiwa replay …`: questions about what happened, answered from the topics (spec 12). Thin over `replay/`.

options.py      what several commands take            asking.py   settings, log, errors as sentences, the progress bar
timeline.py · explain.py · room.py                    what happened
rebuild.py · diff.py · fsck.py                        whether the table is what the log says
capsule.py · dead_letters.py · shadow.py              slices, records put aside, what other code would have decided
"""

from __future__ import annotations

import typer

from cli.lazy import lazy_group

COMMANDS = {
    "timeline": "cli.replay.timeline",
    "explain": "cli.replay.explain",
    "room": "cli.replay.room",
    "rebuild": "cli.replay.rebuild",
    "diff": "cli.replay.diff",
    "fsck": "cli.replay.fsck",
    "capsule": "cli.replay.capsule",
    "dead-letters": "cli.replay.dead_letters",
    "shadow": "cli.replay.shadow",
}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    help="Every question about what happened, answered from the topics; no client ever hears of it.",
    epilog="Commands that only read use KAIWA_REPLAY_ACCESS_KEY_ID, KAIWA_REPLAY_SECRET_ACCESS_KEY, "
    "KAIWA_REPLAY_KAFKA_SASL_USERNAME and KAIWA_REPLAY_KAFKA_SASL_PASSWORD where they are set: credentials that "
    "cannot write.",
)


@app.callback()
def _replay() -> None:
    """Every command of replay hangs below this."""
