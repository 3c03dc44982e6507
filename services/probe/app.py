"""Composition root of the process `probe`: connect, exchange messages, and after a failure begin anew, with backoff."""

import asyncio
import contextlib
import time

import aiohttp

from chassis.backoff import Backoff
from chassis.health import Health
from chassis.logs import get_logger
from chassis.process import Stop
from chassis.tasks import first_of, run_until
from services.probe import metrics
from services.probe.exchange import exchange
from services.probe.failures import ProbeFailed, Returned
from services.probe.line import Line, open_line
from services.probe.room import Rooms
from services.probe.settings import ProbeSettings
from services.probe.tokens import token_source

_log = get_logger(__name__)
PART = "probe"
HTTP_TIMEOUT_S = 10.0


class Probe:
    """The process; each try, also one that ends before a message could be sent, counts once."""

    def __init__(self, settings: ProbeSettings, health: Health) -> None:
        self._settings = settings
        self._health = health
        self._backoff = Backoff(first_s=0.5, most_s=30.0)

    async def run(self, stop: Stop) -> None:
        """Probe until `stop`."""
        timeout = aiohttp.ClientTimeout(total=HTTP_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            while not stop.is_set():
                try:
                    await first_of(stop, self._session(http))
                except Returned as closed:
                    metrics.RETURNS.inc()
                    _log.info("a connection was closed and is made again", code=closed.close_code)
                    await self._backoff.wait(stop)
                except ProbeFailed as failed:
                    metrics.MESSAGES.labels(failed.outcome).inc()
                    self._health.set(PART, str(failed))
                    _log.warning("the probe has failed", outcome=failed.outcome, why=str(failed))
                    await self._backoff.wait(stop)

    async def _session(self, http: aiohttp.ClientSession) -> None:
        """Two connections, and messages between them until something fails; raises what that was."""
        settings, token_of = self._settings, token_source(self._settings, http)
        tokens = (await token_of(0), await token_of(1))
        await Rooms(settings, http).make_ready(tokens)
        async with contextlib.AsyncExitStack() as open_lines:
            one, other = [
                await open_lines.enter_async_context(open_line(settings.websocket_url, token)) for token in tokens
            ]
            exchanging = asyncio.create_task(self._exchange_often(one, other))
            try:
                # Whichever ends first says why; reading ends with its connection.
                await run_until(exchanging, one.read(), other.read())
                exchanging.result()
            finally:
                exchanging.cancel()
                await asyncio.gather(exchanging, return_exceptions=True)

    async def _exchange_often(self, sender: Line, receiver: Line) -> None:
        timed = False
        while True:
            began = time.monotonic()
            times = await exchange(sender, receiver, self._settings.probe_room, self._settings.probe_timeout_s)
            metrics.MESSAGES.labels("delivered").inc()
            metrics.LAST_DELIVERED.set_to_current_time()
            if timed:
                metrics.ACK_SECONDS.observe(times.ack_s)
                metrics.DELIVERY_SECONDS.observe(times.delivery_s)
            # The first one on new connections also waits until presence has told of them.
            timed = True
            self._health.set(PART, None)
            self._backoff.reset()
            # The other way next: each gateway that holds one of them is both sent to and delivered from.
            sender, receiver = receiver, sender
            await asyncio.sleep(max(0.0, self._settings.probe_interval_s - (time.monotonic() - began)))


def build(settings: ProbeSettings, health: Health) -> Probe:
    """The process, unconnected."""
    health.set(PART, "no message was delivered yet")
    return Probe(settings, health)
