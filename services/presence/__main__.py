"""`python -m services.presence`: the process `presence`."""

import sys

from chassis.process import main
from services.presence.app import build
from services.presence.settings import PresenceSettings

if __name__ == "__main__":
    sys.exit(main("presence", PresenceSettings, build))
