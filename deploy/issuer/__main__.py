"""The process `issuer`: `python -m deploy.issuer`."""

import sys

from chassis import process
from deploy.issuer.app import NAME, build
from deploy.issuer.settings import DevIssuerSettings


def main() -> int:
    """Run it to its end; returns the exit code."""
    return process.main(NAME, DevIssuerSettings, build)


if __name__ == "__main__":
    sys.exit(main())
