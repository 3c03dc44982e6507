"""What one routed batch still waits for: its offsets are done when every gateway has answered, was marked or has ended.

A delivery is open until it is sealed and each of its pushes is settled. It is abandoned when its partition goes: then
the next owner reads the batch again.
"""

import asyncio
from collections.abc import Callable, Sequence

from chassis.batches import Revoked
from chassis.records import Headers, Outgoing

OnDone = Callable[["Delivery"], None]


class Delivery:
    """Counts pushes, and gathers what is to be told of them."""

    def __init__(self, partition: int, *, headers: Headers = (), on_done: OnDone | None = None) -> None:
        """`headers` (the trace) travel on with what is told."""
        self.partition = partition
        self.headers = headers
        self.abandoned = False
        self.reports: list[Outgoing] = []
        """Outcomes and retirements, to be published."""
        self._open = 1
        self._on_done = on_done
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def done(self) -> bool:
        """Whether nothing is waited for any more."""
        return self.abandoned or self._open == 0

    def expect(self) -> None:
        """One more push."""
        self._open += 1

    def settle(self, pushes: int, reports: Sequence[Outgoing] = ()) -> None:
        """So many pushes were answered, given up or lost with their epoch."""
        if self.abandoned:
            return
        self.reports.extend(reports)
        self._open -= pushes
        if self._open == 0:
            self._finish()

    def seal(self) -> None:
        """No more pushes will be expected."""
        self.settle(1)

    def abandon(self) -> None:
        """Nobody waits for it here any more; without effect when it is done."""
        if not self.done:
            self.abandoned = True
            self._finish()

    async def end(self) -> None:
        """Return when nothing is waited for any more."""
        if not self.done:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.append(waiting)
            await waiting

    async def wait(self) -> Sequence[Outgoing]:
        """What is to be told, once all is settled; raises Revoked if it was abandoned."""
        await self.end()
        if self.abandoned:
            raise Revoked
        return self.reports

    def _finish(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
        if self._on_done is not None:
            self._on_done(self)
