"""`kaiwa health`: whether the process of this container takes work, as a health check asks.

`python -m cli.health` is the same without the weight of a command line: it runs every few seconds in every container.
"""

from __future__ import annotations

import os
import sys

from chassis.readiness import unready


def health() -> None:
    """Ask the process whose health port is KAIWA_HEALTH_PORT, on this machine, whether it takes work.

    Exit code 0: it does; 1: not yet, and what is missing; 2: no port is set.
    """
    sys.exit(main())


def main() -> int:
    """Waits 3 s at the most."""
    try:
        port = int(os.environ["KAIWA_HEALTH_PORT"])
    except (KeyError, ValueError):
        sys.stderr.write("kaiwa: KAIWA_HEALTH_PORT is missing or wrong: the port of the process's /readyz.\n")
        return 2
    missing = unready(port, timeout_s=3.0)
    (sys.stderr if missing else sys.stdout).write(f"{missing or 'ready'}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
