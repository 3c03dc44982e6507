"""The process `gateway`: `python -m gateway`."""

import sys

from chassis import process
from gateway.app import NAME, build
from gateway.settings import GatewaySettings


def main() -> int:
    """Run it to its end; returns the exit code."""
    return process.main(NAME, GatewaySettings, build)


if __name__ == "__main__":
    sys.exit(main())
