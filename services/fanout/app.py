"""Composition root of the process `fanout`: nothing connects before `run`."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from chassis.dead_letters import dead_letter
from chassis.health import Health
from chassis.lanes import Limits
from chassis.log_reader import LogReader
from chassis.process import Stop
from chassis.publisher import Publisher
from chassis.records import Record
from chassis.runloop import RunLoop
from chassis.table import Table
from chassis.tail import Tail
from chassis.tasks import run_until
from chassis.traces.opening import close, opened
from chassis.traces.port import Traces
from contracts.presence import PresenceChanged
from contracts.topics import CONTROLS, GATEWAYS, PRESENCE, ROOMS, SIGNALS
from services.fanout.ahead import Ahead
from services.fanout.behind import Behind
from services.fanout.dispatch import Dispatch
from services.fanout.gateways import Gateways
from services.fanout.holdings import Holdings
from services.fanout.locations import Locations
from services.fanout.log_peek import LogPeek
from services.fanout.membership import Membership
from services.fanout.outlet import Outlet
from services.fanout.push import Pusher
from services.fanout.push_client import PushClient
from services.fanout.reports import Reports
from services.fanout.route import EpochKey
from services.fanout.settings import FanoutSettings
from services.fanout.window import Window
from services.fanout.worker import Worker

STOP_S = 2.0
CHECK_INTERVAL_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Fanout:
    """The process."""

    loop: RunLoop
    tails: tuple[Tail, ...]
    outlet: Outlet
    reports: Reports
    publisher: Publisher
    client: PushClient
    peek: LogPeek
    table: Table
    health: Health
    traces: Traces | None

    async def run(self, stop: Stop) -> None:
        """Push until `stop`; then what is under way gets a moment to arrive."""
        try:
            async with self.publisher, self.client:
                consuming = asyncio.create_task(self._consume(stop), name="fanout")
                tails = (tail.run() for tail in self.tails)
                await run_until(consuming, *tails, self.reports.run(), self.outlet.watch(), self._watch())
                await self.outlet.stop(STOP_S)
                consuming.result()
        finally:
            await self.peek.close()
            await self.table.close()
            await close(self.traces)

    async def _consume(self, stop: Stop) -> None:
        """Route nothing before both views have reached their ends as they were at the start (spec 11)."""
        stopper = asyncio.create_task(_when(stop, self.loop.stop), name="stopper")
        views = asyncio.create_task(_all(tail.wait_ready() for tail in self.tails))
        try:
            await asyncio.wait([stopper, views], return_when=asyncio.FIRST_COMPLETED)
            await self.loop.run()
        finally:
            for waiting in (stopper, views):
                waiting.cancel()
            await asyncio.gather(stopper, views, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            self.health.set("kafka producer", self.publisher.problem)
            await asyncio.sleep(CHECK_INTERVAL_S)


def build(settings: FanoutSettings, health: Health) -> Fanout:
    """The process, unconnected. Called inside a running event loop."""
    health.set("fanout", "starting")
    name = settings.instance_id or "fanout"
    # One life of this process, as gateways know it.
    worker_id = f"{name}-{uuid.uuid4().hex[:12]}"
    traces = opened(settings, "fanout", settings.instance_id)
    table, publisher = Table(settings), Publisher(settings, name=name, traces=traces)
    locations, gateways, reports = Locations(), Gateways(), Reports(publisher)
    key_id, secret = settings.signing_key
    client = PushClient(key_id=key_id, secret=secret, region=settings.region, timeout_s=settings.push_timeout_s)
    leases = Tail(
        name="fanout gateways",
        settings=settings,
        topics=[GATEWAYS.name, CONTROLS.name],
        on_record=gateways.apply,
        health=health,
    )

    def pusher(key: EpochKey) -> Pusher:
        return Pusher(
            key,
            worker_id=worker_id,
            gateways=gateways,
            client=client,
            limits=settings.queue_limits,
            away_s=settings.gateway_away_s,
            forget=locations.forget,
            report=reports.add,
            catch_up=leases.catch_up,
            traces=traces,
        )

    outlet = Outlet(gateways, pusher)
    membership = Membership(rooms_most=settings.rooms_held, participants_most=settings.participants_held)
    dispatch = Dispatch(membership, locations, outlet, reports.take)
    peek = LogPeek(settings)
    holdings = _holdings(settings, dispatch, peek, outlet)
    log = LogReader(settings, name="fanout-log")
    worker = Worker(
        dispatch=dispatch,
        membership=membership,
        holdings=holdings,
        table=table,
        ahead=Ahead(log),
        behind=Behind(log),
        traces=traces,
    )
    return Fanout(
        loop=_loop(settings, health, publisher, worker, holdings, traces),
        tails=(_presence(settings, health, locations, dispatch, reports), leases),
        outlet=outlet,
        reports=reports,
        publisher=publisher,
        client=client,
        peek=peek,
        table=table,
        health=health,
        traces=traces,
    )


def _holdings(settings: FanoutSettings, dispatch: Dispatch, peek: LogPeek, outlet: Outlet) -> Holdings:
    window_ms = int(settings.catch_up_window_s * 1000)

    def window(reaches_ms: int) -> Window:
        return Window(
            reaches_ms=reaches_ms,
            length_ms=window_ms,
            frames_most=settings.window_frames,
            bytes_most=settings.window_bytes,
        )

    return Holdings(
        dispatch=dispatch,
        peek=peek,
        window_of=window,
        window_ms=window_ms,
        release_s=settings.release_s,
        drop_abandoned=outlet.drop_abandoned,
    )


def _loop(
    settings: FanoutSettings,
    health: Health,
    publisher: Publisher,
    worker: Worker,
    holdings: Holdings,
    traces: Traces | None,
) -> RunLoop:
    # More than one gateway's queue holds: a gateway that is away fills its queue, and never the run loop.
    records = 2 * settings.queue_pushes
    return RunLoop(
        name="fanout",
        settings=settings,
        group=settings.fanout_group,
        topics=[ROOMS.name, SIGNALS.name],
        handler=worker.handle,
        publisher=publisher,
        health=health,
        limits=Limits(records=records, bytes=4 * settings.queue_bytes, lanes_in_flight=settings.rooms_in_flight),
        on_assigned=holdings.assigned,
        on_revoked=holdings.revoked,
        start_at=holdings.start_at,
        instance_id=settings.instance_id,
        traces=traces,
    )


def _presence(
    settings: FanoutSettings, health: Health, locations: Locations, dispatch: Dispatch, reports: Reports
) -> Tail:
    def learn(record: Record) -> None:
        value = PRESENCE.decode(record.value)
        if isinstance(value, PresenceChanged):
            dispatch.learn(locations.apply(value, record.timestamp))

    def put_aside(record: Record, error: Exception) -> None:
        # Every worker reads all of it; the one that holds the partition of the same number tells.
        if record.partition in dispatch.partitions:
            reports.add([dead_letter(record, error)])

    return Tail(
        name="fanout presence",
        settings=settings,
        topics=[PRESENCE.name],
        on_record=learn,
        on_bad=put_aside,
        health=health,
    )


async def _all(waits: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*waits)


async def _when(stop: Stop, act: Callable[[], None]) -> None:
    await stop.wait()
    act()
