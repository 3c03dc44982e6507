"""All roads out: one pusher for each epoch that something goes to, so no gateway delays another."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from services.fanout.gateway_queue import Item
from services.fanout.gateways import Gateways
from services.fanout.outcomes import lost
from services.fanout.push import Pusher
from services.fanout.route import EpochKey


@dataclass(slots=True)
class _Road:
    pusher: Pusher
    task: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        self.task = asyncio.create_task(self.pusher.run())


class Outlet:
    """Makes a pusher at the first push to an epoch and ends it with the epoch."""

    def __init__(self, gateways: Gateways, pusher: Callable[[EpochKey], Pusher]) -> None:
        self._gateways = gateways
        self._pusher = pusher
        self._roads: dict[EpochKey, _Road] = {}
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gateways.on_change(self._changed)

    def push(self, key: EpochKey, item: Item) -> None:
        """Send `item` behind all that went to this epoch before; its delivery expects it already."""
        if self._gateways.has_ended(key):
            lost([item])
        else:
            self._road(key).push(item)

    def close(self, key: EpochKey, connection_id: str) -> None:
        """Have the connection closed with 4408."""
        if not self._gateways.has_ended(key):
            self._road(key).close(connection_id)

    def drop_abandoned(self) -> None:
        """Forget what was queued for partitions that have gone."""
        for road in self._roads.values():
            road.pusher.drop_abandoned()

    async def watch(self) -> None:
        """Run until a road breaks, which none should; raises what broke it."""
        await self._failed

    async def stop(self, limit_s: float) -> None:
        """Wait until nothing waits for a gateway, `limit_s` at most; then end all roads."""
        roads = list(self._roads.values())
        drained = [asyncio.create_task(road.pusher.drained()) for road in roads]
        if drained:
            await asyncio.wait(drained, timeout=limit_s)
        tasks = [*drained, *(road.task for road in roads)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._roads.clear()

    def _road(self, key: EpochKey) -> Pusher:
        road = self._roads.get(key)
        if road is None:
            road = self._roads[key] = _Road(self._pusher(key))
            road.task.add_done_callback(self._ended)
        return road.pusher

    def _changed(self, key: EpochKey) -> None:
        road = self._roads.get(key)
        if road is None:
            return
        if not self._gateways.has_ended(key):
            road.pusher.changed()
            return
        del self._roads[key]
        road.pusher.end()
        road.task.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._failed.done():
            self._failed.set_exception(error)
