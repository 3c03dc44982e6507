"""`python -m services.persistence`: the process `persistence`."""

import sys

from chassis.process import main
from services.persistence.app import build
from services.persistence.settings import PersistenceSettings

if __name__ == "__main__":
    sys.exit(main("persistence", PersistenceSettings, build))
