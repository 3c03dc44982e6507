"""The root of the `kaiwa` command. Sub-commands are loaded when they are asked for, so that each starts fast."""

from __future__ import annotations

import sys

import typer

from cli import run
from cli.lazy import lazy_group

# Name: the module that holds the command, as `app` (a Typer) or as a function named like the command.
COMMANDS = {
    "up": "cli.up",
    "down": "cli.down",
    "status": "cli.status",
    "token": "cli.token",
    "chat": "cli.chat",
    "run": "cli.run_command",
    "health": "cli.health",
    "topics": "cli.topics",
    "table": "cli.table",
    "replay": "cli.replay",
}

_OURS = {"chassis", "cli", "contracts", "deploy", "gateway", "replay", "services"}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Kaiwa, a real-time chat backend: the local cluster, its tools and its processes.",
    epilog="Commands that speak to a cluster take --dir (default .kaiwa) and read its cluster.json; settings in the "
    "environment (KAIWA_…) win. Exit codes: 0 done, 1 it failed, 2 wrong use.",
)


@app.callback()
def _root() -> None:
    """Every command of Kaiwa hangs below this."""


def main() -> None:
    """The console script. Errors that say what to do are printed as one line on stderr, with exit code 1."""
    arguments = sys.argv[1:]
    if len(arguments) == 2 and arguments[0] == "run" and arguments[1] in run.PROCESSES:
        sys.exit(run.run_process(arguments[1]))
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(1)
    except ModuleNotFoundError as error:
        # An image has what processes need, not what a local cluster needs.
        if (error.name or "").partition(".")[0] in _OURS:
            raise
        sys.stderr.write(f"kaiwa: this cannot run here, {error.name} is not installed: pip install 'kaiwa[local]'.\n")
        sys.exit(1)
    except Exception as error:
        # Our own errors carry a code and a sentence for people; anything else is a fault of ours and shows its trace.
        if not isinstance(getattr(error, "code", None), str):
            raise
        sys.stderr.write(f"kaiwa: {error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
