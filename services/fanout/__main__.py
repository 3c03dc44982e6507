"""`python -m services.fanout`: the process `fanout`."""

import sys

from chassis.process import main
from services.fanout.app import build
from services.fanout.settings import FanoutSettings

if __name__ == "__main__":
    sys.exit(main("fanout", FanoutSettings, build))
