"""`kaiwa run PROCESS`: one process in the foreground; what images, manifests and the local cluster start.

Kept free of other imports: six of them start side by side on a small machine.
"""

from __future__ import annotations

import gc
import runpy
import sys

# Each package runs as `python -m PACKAGE` does.
PROCESSES = {
    "gateway": "gateway",
    "persistence": "services.persistence",
    "api": "services.persistence.api",
    "presence": "services.presence",
    "fanout": "services.fanout",
    "issuer": "deploy.issuer",
    "probe": "services.probe",
}


def run_process(name: str) -> int:
    """Runs a process of ``PROCESSES`` until SIGTERM or SIGINT; returns its exit code, 2 if its settings are wrong.

    It reads nothing but the environment (``KAIWA_…``).
    """
    sys.argv = [f"kaiwa run {name}"]
    # structlog imports rich where it is installed, for tracebacks in colour: a quarter of a second of CPU for every
    # process, and six start at once. Absent, as on a server, it does without.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type] # None is how Python marks a module as not there
    # What is imported stays. Looking for garbage among it takes half a second of CPU; chassis.garbage begins again.
    gc.disable()
    try:
        runpy.run_module(PROCESSES[name], run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"kaiwa: {name} cannot run here, {error.name} is not installed: pip install 'kaiwa[{name}]'.\n"
        )
        return 1
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        gc.enable()
    return 0
