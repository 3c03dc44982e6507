"""`kaiwa run PROCESS`: one process in the foreground; what images, manifests and the local cluster start.

Kept free of other imports: six of them start side by side on a small machine.
"""

from __future__ import annotations

import importlib
import sys

# Each module has a ``main()`` that returns the exit code.
PROCESSES = {
    "gateway": "gateway.__main__",
    "persistence": "services.persistence.__main__",
    "api": "services.persistence.api.__main__",
    "presence": "services.presence.__main__",
    "fanout": "services.fanout.__main__",
    "issuer": "deploy.issuer.__main__",
}


def run_process(name: str) -> int:
    """Runs a process of ``PROCESSES`` until SIGTERM or SIGINT; returns its exit code, 2 if its settings are wrong.

    It reads nothing but the environment (``KAIWA_…``).
    """
    try:
        module = importlib.import_module(PROCESSES[name])
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"kaiwa: {name} cannot run here, {error.name} is not installed: pip install 'kaiwa[{name}]'.\n"
        )
        return 1
    return int(module.main() or 0)
