"""The gateway's parts, each made once and handed to those that need it."""

import asyncio
import time
from dataclasses import dataclass

from fastapi import FastAPI

from chassis.auth.issuer import IssuerConfig
from chassis.auth.revocations import Revocations
from chassis.auth.verifier import Verifier
from chassis.health import Health
from chassis.publisher import Publisher
from chassis.tail import Tail
from chassis.traces.opening import opened
from chassis.traces.port import Traces
from contracts.topics import CONTROLS, GATEWAYS
from gateway import lifecycle
from gateway.answers import Answers
from gateway.bulk import BulkPush
from gateway.connection_api import ApiSettings, ConnectionApi
from gateway.controls import Controls
from gateway.deliver import Deliverer
from gateway.departures import Departures
from gateway.drain import Drain
from gateway.endings import Endings
from gateway.epochs import Epochs
from gateway.forwarding import Forwarding
from gateway.in_flight import InFlight, InFlightLimits
from gateway.leases import Lease
from gateway.limits import TimeLimits
from gateway.marks import ReadMarks, TypingNotices
from gateway.outbox import Outboxes
from gateway.rates import Rate
from gateway.refresh import Refresh
from gateway.registry import Registry
from gateway.routes import Routes
from gateway.server import application
from gateway.settings import GatewaySettings
from gateway.sigv4 import Key
from gateway.submit import Submit
from gateway.upkeep import Upkeep
from gateway.wheel import Wheel


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """What the process runs, and what tests look at."""

    publisher: Publisher
    verifier: Verifier
    wheel: Wheel
    registry: Registry
    departures: Departures
    endings: Endings
    deliverer: Deliverer
    upkeep: Upkeep
    lease: Lease
    epochs: Epochs
    gateways: Tail
    controls: Tail
    drain: Drain
    forwarding: Forwarding
    application: FastAPI
    connection_api: ConnectionApi
    traces: Traces | None


def assemble(settings: GatewaySettings, health: Health) -> Assembly:
    """All parts, connected to nothing yet."""
    traces = opened(settings, "gateway", settings.gateway_id)
    publisher, wheel, registry = Publisher(settings, name=settings.gateway_id, traces=traces), Wheel(), Registry()
    verifier, revocations, epochs = Verifier(IssuerConfig.of(settings)), Revocations(), Epochs()
    outboxes = Outboxes(limit_bytes=settings.outbox_bytes, soon=lambda call: asyncio.get_running_loop().call_soon(call))
    departures = Departures(publisher)
    endings = Endings(registry, departures, wall_ms=wall_ms)
    deliverer = Deliverer(registry, endings, wheel)
    upkeep = Upkeep(
        registry=registry,
        endings=endings,
        deliverer=deliverer,
        outboxes=outboxes,
        wheel=wheel,
        limits=_time_limits(settings),
        outbox_s=settings.outbox_s,
        always_expire=settings.enforce_expiry == "always",
        wall_s=time.time,
    )
    lease = Lease(
        gateway_id=settings.gateway_id,
        publisher=publisher,
        epochs=epochs,
        health=health,
        interval_s=settings.lease_interval_s,
        wall_ms=wall_ms,
    )
    orders = Controls(registry=registry, endings=endings, revocations=revocations, epochs=epochs, lease=lease)
    gateways = Tail(
        name=f"{settings.gateway_id} gateways",
        settings=settings,
        topics=[GATEWAYS.name],
        on_record=orders.on_gateway,
        health=health,
    )
    controls = Tail(
        name=f"{settings.gateway_id} controls",
        settings=settings,
        topics=[CONTROLS.name],
        on_record=orders.on_control,
        health=health,
    )
    in_flight = InFlight(_in_flight_limits(settings))
    answers = Answers(deliverer, wall_ms=wall_ms)
    submit = Submit(
        publisher=publisher,
        answers=answers,
        in_flight=in_flight,
        wheel=wheel,
        acknowledgement_s=settings.acknowledgement_s,
        traces=traces,
    )
    marks = ReadMarks(submit, wheel, wall_ms=wall_ms)
    routes = Routes(
        submit=submit,
        marks=marks,
        typing=TypingNotices(submit, wheel, wall_ms=wall_ms),
        refresh=Refresh(verifier, revocations, answers, upkeep),
        answers=answers,
        wheel=wheel,
        frames=Rate(settings.frame_rate, settings.frame_burst),
        user_frames=Rate(settings.user_frame_rate, settings.user_frame_burst),
        content_characters=settings.content_characters,
        wall_ms=wall_ms,
    )
    doors = lifecycle.Lifecycle(
        lifecycle.Parts(
            settings=settings,
            health=health,
            verifier=verifier,
            revocations=revocations,
            publisher=publisher,
            registry=registry,
            endings=endings,
            outboxes=outboxes,
            upkeep=upkeep,
            routes=routes,
            epoch=lambda: lease.epoch,
            now=wheel.now,
            wall_ms=wall_ms,
        )
    )
    forwarding = Forwarding(
        gateway_id=settings.gateway_id,
        epochs=epochs,
        catch_up=gateways.catch_up,
        key_id=settings.access_key_id,
        secret=settings.secret_access_key.get_secret_value(),
        region=settings.region,
        timeout_s=settings.forward_timeout_s,
    )
    bulk = BulkPush(
        gateway_id=settings.gateway_id,
        epoch=lambda: lease.epoch,
        registry=registry,
        endings=endings,
        deliverer=deliverer,
        traces=traces,
    )
    connection_api = ConnectionApi(
        ApiSettings(
            stage=settings.stage,
            keys=_keys(settings),
            region=settings.region,
            rate=Rate(settings.connection_api_rate, settings.connection_api_burst),
            bulk_bytes=settings.bulk_bytes,
        ),
        epoch=lambda: lease.epoch,
        registry=registry,
        endings=endings,
        deliverer=deliverer,
        bulk=bulk,
        forwarding=forwarding,
        now=wheel.now,
        wall_ms=wall_ms,
        traces=traces,
    )
    drain = Drain(
        registry=registry,
        endings=endings,
        marks=marks,
        in_flight=in_flight,
        departures=departures,
        drain_s=settings.drain_s,
        acknowledgement_s=settings.acknowledgement_s,
    )
    return Assembly(
        publisher=publisher,
        verifier=verifier,
        wheel=wheel,
        registry=registry,
        departures=departures,
        endings=endings,
        deliverer=deliverer,
        upkeep=upkeep,
        lease=lease,
        epochs=epochs,
        gateways=gateways,
        controls=controls,
        drain=drain,
        forwarding=forwarding,
        application=application(doors, settings),
        connection_api=connection_api,
        traces=traces,
    )


def wall_ms() -> int:
    """The time as others see it, epoch ms."""
    return time.time_ns() // 1_000_000


def _time_limits(settings: GatewaySettings) -> TimeLimits:
    return TimeLimits(
        idle_s=settings.idle_s,
        duration_s=settings.duration_s,
        expiry_grace_s=settings.expiry_grace_s,
        ping_interval_s=settings.ping_interval_s,
        pong_timeout_s=settings.pong_timeout_s,
    )


def _in_flight_limits(settings: GatewaySettings) -> InFlightLimits:
    return InFlightLimits(
        settings.in_flight, settings.in_flight_bytes, settings.in_flight_total, settings.in_flight_bytes_total
    )


def _keys(settings: GatewaySettings) -> dict[str, Key]:
    main = Key(settings.access_key_id, settings.secret_access_key.get_secret_value())
    extra = (
        Key(key.access_key_id, key.secret_access_key.get_secret_value(), frozenset(key.actions))
        for key in settings.extra_keys
    )
    return {key.key_id: key for key in (*extra, main)}
