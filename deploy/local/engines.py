"""The real engines without the rest of the cluster, for tests and benchmarks.

```python
with Engines() as own:
    kafka = own.kafka(folder / "kafka")  # kafka.bootstrap
    table = own.dynamodb()               # table.endpoint, in memory
    table.pause(); table.resume(); kafka.kill(); kafka.start()
```
Everything ends with the ``with``, and also when the process that holds it is killed.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from deploy.local import jars, ports
from deploy.local.child import Child, ProcessSpec
from deploy.local.dynamodb import dynamodb_spec
from deploy.local.faults import LocalClusterError
from deploy.local.kafka import kafka_spec
from deploy.local.reaping import Reaper


class Engine:
    """A running engine. ``start`` after ``stop`` or ``kill`` brings it back on the same port with the same data."""

    def __init__(self, spec: ProcessSpec, reaper: Reaper) -> None:
        self.spec = spec
        self._reaper = reaper
        self.child: Child | None = None

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return self.spec.port

    @property
    def pid(self) -> int:
        """Its process id. Raises RuntimeError if it is not running."""
        if self.child is None:
            raise RuntimeError(f"{self.spec.name} is not running")
        return self.child.pid

    def launch(self) -> None:
        """Starts the process without waiting for it; ``wait_ready`` does."""
        if not ports.is_free(self.port):
            raise LocalClusterError("PORT_TAKEN", f"Port {self.port} for {self.spec.name} is taken: choose another.")
        self.child = Child(self.spec)
        self._reaper.watch(self.child.pid)

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Returns when it takes work.

        Raises LocalClusterError ``NOT_READY``, with the end of its log, if it ends or takes too long.
        """
        deadline = time.monotonic() + timeout_s
        child = self.child
        while child and (missing := child.missing()):
            if not child.alive or time.monotonic() > deadline:
                self.kill()
                raise LocalClusterError(
                    "NOT_READY", f"{self.spec.name} did not start ({missing}): {tail(self.spec.log)}"
                )
            time.sleep(0.05)

    def start(self, timeout_s: float = 60.0) -> None:
        """Starts it and returns when it takes work."""
        self.launch()
        self.wait_ready(timeout_s)

    def stop(self) -> None:
        """Ends it cleanly (SIGTERM), or by force after its grace."""
        if self.child:
            self.child.signal(signal.SIGTERM)
            self.child.signal(signal.SIGCONT)
            self.child.wait(self.spec.stop_grace_s)
        self.kill()

    def kill(self) -> None:
        """``kill -9``. Returns when it is gone."""
        if self.child:
            self.child.signal(signal.SIGKILL)
            self.child.wait(10.0)
            self._reaper.forget(self.child.pid)
            self.child = None

    def pause(self) -> None:
        """SIGSTOP: it keeps its connections, and answers nothing any more when this returns."""
        if self.child:
            self.child.pause()

    def resume(self) -> None:
        """SIGCONT."""
        if self.child:
            self.child.signal(signal.SIGCONT)


AnyEngine = TypeVar("AnyEngine", bound="Engine")


class KafkaEngine(Engine):
    """A broker of one node."""

    @property
    def bootstrap(self) -> str:
        """For clients: ``127.0.0.1:PORT``."""
        return f"127.0.0.1:{self.port}"


class DynamoDBEngine(Engine):
    """DynamoDB Local. Any credentials do; tables made with one access key are seen with every other."""

    region = "local"
    access_key_id = "kaiwa"
    secret_access_key = "kaiwa-local"  # noqa: S105 (it is not checked)

    @property
    def endpoint(self) -> str:
        """For boto3's ``endpoint_url``."""
        return f"http://127.0.0.1:{self.port}"


class Engines:
    """Starts engines and ends all of them on the way out. Fetches the jars first where they are missing."""

    def __init__(self) -> None:
        jars.fetch()
        self._reaper = Reaper()
        self._engines: list[Engine] = []
        self._folder = Path(tempfile.mkdtemp(prefix="kaiwa-engines-"))

    def kafka(self, folder: Path | None = None, *, wait: bool = True) -> KafkaEngine:
        """A broker on free ports, its data in ``folder`` or a temporary one; ready, unless ``wait`` is off."""
        folder = folder or Path(tempfile.mkdtemp(dir=self._folder))
        port = ports.free_block(2)
        spec = kafka_spec(folder, port=port, controller_port=port + 1, log=folder / "kafka.log")
        return self._begin(KafkaEngine(spec, self._reaper), wait)

    def dynamodb(self, folder: Path | None = None, *, wait: bool = True) -> DynamoDBEngine:
        """DynamoDB Local on a free port, with its file in ``folder``, or in memory without one."""
        log = (folder or Path(tempfile.mkdtemp(dir=self._folder))) / "dynamodb.log"
        return self._begin(DynamoDBEngine(dynamodb_spec(folder, port=ports.free_port(), log=log), self._reaper), wait)

    def close(self) -> None:
        """Ends every engine by force (their data is temporary) and removes the temporary folder."""
        for engine in reversed(self._engines):
            engine.kill()
        self._reaper.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Engines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, engine: AnyEngine, wait: bool) -> AnyEngine:
        self._engines.append(engine)
        engine.launch()
        if wait:
            engine.wait_ready()
        return engine


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, or a note that there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return f"(no log at {log})"
    return "\n".join(text.splitlines()[-lines:])
