"""The process `api`: `python -m services.persistence.api`."""

import sys

from chassis import process
from services.persistence.api.app import NAME, build
from services.persistence.api.settings import ApiSettings


def main() -> int:
    """Run it to its end; returns the exit code."""
    return process.main(NAME, ApiSettings, build)


if __name__ == "__main__":
    sys.exit(main())
