"""`python -m services.probe`: the process `probe`."""

import sys

from chassis.process import main
from services.probe.app import build
from services.probe.settings import ProbeSettings

if __name__ == "__main__":
    sys.exit(main("probe", ProbeSettings, build))
