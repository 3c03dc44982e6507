"""Every metric of docs/metrics.md is shown by its processes, and a round trip moves those that need no fault."""

import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.observability import catalogue
from tests.people import ALL_FEATURES, Town
from tests.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.engine]

MOVED = {
    "gateway": {
        "kaiwa_published_records_total",
        "kaiwa_publish_seconds",
        "kaiwa_gateway_connections",
        "kaiwa_gateway_handshakes_total",
        "kaiwa_gateway_handshake_seconds",
        "kaiwa_gateway_ended_total",
        "kaiwa_gateway_frames_total",
        "kaiwa_gateway_ack_seconds",
        "kaiwa_gateway_pushed_total",
        "kaiwa_delivery_seconds",
        "kaiwa_connection_api_calls_total",
        "kaiwa_gateway_epochs_total",
        "kaiwa_gateway_lease_renewed_timestamp_seconds",
    },
    "persistence": {
        "kaiwa_published_records_total",
        "kaiwa_publish_seconds",
        "kaiwa_handled_records_total",
        "kaiwa_handle_seconds",
        "kaiwa_batch_records",
        "kaiwa_table_seconds",
        "kaiwa_decide_seconds",
        "kaiwa_room_commit_seconds",
        "kaiwa_facts_total",
        "kaiwa_room_transaction_submissions",
        "kaiwa_rooms_cached",
        "kaiwa_profile_updates_total",
    },
    "api": {
        "kaiwa_published_records_total",
        "kaiwa_publish_seconds",
        "kaiwa_table_seconds",
        "kaiwa_http_requests_total",
        "kaiwa_http_seconds",
        "kaiwa_outcome_seconds",
    },
    "presence": {
        "kaiwa_published_records_total",
        "kaiwa_publish_seconds",
        "kaiwa_table_seconds",
        "kaiwa_presence_users",
        "kaiwa_presence_connections",
    },
    "fanout": {
        "kaiwa_published_records_total",
        "kaiwa_publish_seconds",
        "kaiwa_handled_records_total",
        "kaiwa_handle_seconds",
        "kaiwa_batch_records",
        "kaiwa_table_seconds",
        "kaiwa_push_requests_total",
        "kaiwa_push_request_seconds",
        "kaiwa_push_request_pushes",
        "kaiwa_push_deliveries_total",
        "kaiwa_fact_routed_seconds",
        "kaiwa_view_rooms",
        "kaiwa_view_participants",
        "kaiwa_view_connections",
        "kaiwa_window_frames",
        "kaiwa_window_bytes",
    },
}
"""What is above zero after people have chatted."""
PRESENT = {
    "persistence": {("kaiwa_lag_records", "chat.submissions"), ("kaiwa_oldest_record_age_seconds", "chat.submissions")},
    "presence": {("kaiwa_lag_records", "chat.connections"), ("kaiwa_oldest_record_age_seconds", "chat.connections")},
    "fanout": {("kaiwa_lag_records", "chat.rooms"), ("kaiwa_oldest_record_age_seconds", "chat.rooms")},
}
"""Series that are there, whatever their value."""


class Shown(NamedTuple):
    """What one process shows at /metrics."""

    registered: set[str]
    moved: set[str]
    topics: set[tuple[str, str]]


@pytest.fixture
async def town(cluster: Mapping[str, Any]) -> AsyncIterator[Town]:
    async with Town.of(cluster) as made:
        yield made


def process_names(process: str) -> list[str]:
    return ["gateway-1", "gateway-2"] if process == "gateway" else [process]


async def shown(town: Town, name: str) -> Shown:
    async with aiohttp.ClientSession() as http, http.get(town.described()["processes"][name]["metricsUrl"]) as answer:
        text = await answer.text()
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    return Shown(
        registered={line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")},
        moved={sample.name.removesuffix("_count") for sample in samples if sample.value > 0},
        topics={(sample.name, sample.labels["topic"]) for sample in samples if "topic" in sample.labels},
    )


async def chat(town: Town) -> list[Any]:
    """Two people at two gateways have written to one another, and a third connection at each has ended."""
    anna, ben = [await town.person(f"{name}-{uuid.uuid4().hex[:6]}") for name in ("anna", "ben")]
    room = await town.room(anna, ben)
    places = [await town.connect(anna), await town.connect(ben, gateway="gateway-2")]
    for number, place in enumerate(places):
        await place.say(room, "hello", key=f"k{number}")
    for place in places:
        await place.got("MESSAGE", chatRoomId=room, count=2)
    for gateway in ("gateway-1", "gateway-2"):
        passing = await town.connect(anna, gateway=gateway, features=ALL_FEATURES, wait=False)
        await passing.close()
    return places


@pytest.mark.parametrize("process", sorted(MOVED))
async def test_each_metric_of_a_process_is_shown_by_it(town: Town, process: str) -> None:
    expected = {metric.name for metric in catalogue.metrics() if process in metric.processes}
    for name in process_names(process):
        assert expected <= (await shown(town, name)).registered


async def test_a_round_trip_moves_what_needs_no_fault(town: Town) -> None:
    places = await chat(town)
    for process in MOVED:
        for name in process_names(process):
            # Some are set every five seconds.
            await eventually(lambda name=name, process=process: shows_all(town, name, process), within_s=20)  # type: ignore[misc]
    for place in places:
        await place.close()


async def shows_all(town: Town, name: str, process: str) -> bool:
    found = await shown(town, name)
    assert MOVED[process] - found.moved == set(), f"{name} has not moved these"
    assert PRESENT.get(process, set()) - found.topics == set(), f"{name} does not show these"
    return True


def test_what_a_round_trip_moves_are_metrics_of_these_processes() -> None:
    for process, names in MOVED.items():
        assert names <= {metric.name for metric in catalogue.metrics() if process in metric.processes}
