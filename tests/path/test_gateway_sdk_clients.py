"""Every row of the connection API with AWS's own clients, unmodified: boto3 and the one for JavaScript (spec 6).

Each is run against the gateway that holds the connection, against the other one, and through a balancer before both.
"""

import asyncio
import base64
import datetime
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import botocore.auth
import pytest
import pytest_asyncio
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from contracts.gateways import LeaseRenewed
from contracts.ids import new_connection_id, new_epoch, new_event_id
from contracts.topics import GATEWAYS
from tests.balancer import Balancer, balancer
from tests.conformance.node_client import NodeClient, node_client
from tests.path.gateway_bench import Bench, Running, bench_on, closed, unique
from tests.path.sdk_rows import READER, ROWS, SECOND, TYPED, Row
from tests.waiting import eventually

if TYPE_CHECKING:
    from tests.conftest import RunningEngines

pytestmark = pytest.mark.engine


@dataclass
class Place:
    """Two gateways, a balancer before them, and one client of each language."""

    bench: Bench
    holder: Running
    other: Running
    front: Balancer
    node: NodeClient

    def endpoint(self, route: str) -> str:
        ports = {
            "holder": self.holder.gateway.connection_api_port,
            "other": self.other.gateway.connection_api_port,
            "balancer": self.front.port,
        }
        return f"http://127.0.0.1:{ports[route]}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(engines: "RunningEngines") -> AsyncIterator[Place]:
    extra = [
        {"accessKeyId": SECOND[0], "secretAccessKey": SECOND[1]},
        {"accessKeyId": READER[0], "secretAccessKey": READER[1], "actions": ["get"]},
    ]
    async with bench_on(engines.kafka.bootstrap) as bench, node_client() as node:
        holder, other = await bench.start(extra_keys=extra), await bench.start(extra_keys=extra)
        async with balancer(holder.gateway.connection_api_port, other.gateway.connection_api_port) as front:
            yield Place(bench, holder, other, front, node)


def tampered(request: Any, how: str, other: str) -> None:
    """What somebody on the way could do to boto3's request after it was signed."""
    match how:
        case "body":
            request.body = b"another body"
            request.headers["Content-Length"] = str(len(request.body))
        case "truncated":
            request.body = request.body[:-1]
            request.headers["Content-Length"] = str(len(request.body))
        case "path":
            request.url = request.url.rpartition("/")[0] + "/" + other.replace("=", "%3D")
        case "query":
            request.url += "?x=1"
        case "method":
            request.method = "DELETE"


async def by_boto3(place: Place, endpoint: str, row: Row, connection_id: str, other: str, **_: Any) -> dict[str, Any]:
    """As `NodeClient.ask` answers."""
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"{endpoint}/{row.stage}",
        region_name=row.region,
        aws_access_key_id=row.key[0],
        aws_secret_access_key=row.key[1],
        aws_session_token=row.session,
        config=Config(
            retries={"total_max_attempts": 1},
            proxies={},
            read_timeout=10,
            **({"signature_version": UNSIGNED} if row.unsigned else {}),
        ),
    )
    if row.tamper is not None:
        how = row.tamper
        client.meta.events.register("before-send", lambda request, **_: tampered(request, how, other))
    data = {"Data": row.data} if row.call == "post_to_connection" else {}
    try:
        answer = dict(await asyncio.to_thread(getattr(client, row.call), ConnectionId=connection_id, **data))
    except ClientError as error:
        metadata, name = error.response["ResponseMetadata"], error.response["Error"]["Code"]
        typed = isinstance(error, getattr(client.exceptions, name)) if name in TYPED else False
        return {"status": metadata["HTTPStatusCode"], "error": name, "typed": typed, "requestId": metadata["RequestId"]}
    metadata = answer.pop("ResponseMetadata")
    return {"status": metadata["HTTPStatusCode"], "requestId": metadata["RequestId"], "fields": answer}


async def by_node(
    place: Place, endpoint: str, row: Row, connection_id: str, other: str, attempts: int = 1
) -> dict[str, Any]:
    return await place.node.ask(
        endpoint=f"{endpoint}/{row.stage}",
        region=row.region,
        keyId=row.key[0],
        secret=row.key[1],
        session=row.session,
        skewS=row.skew_s,
        unsigned=row.unsigned,
        tamper=row.tamper,
        attempts=attempts,
        call=row.call,
        connectionId=connection_id,
        other=other,
        data=base64.b64encode(row.data).decode() if row.call == "post_to_connection" else None,
    )


CLIENTS: dict[str, Callable[..., Any]] = {"boto3": by_boto3, "javascript": by_node}
ROUTES = ["holder", "other", "balancer"]


def skew(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    """Set boto3's clock; the JavaScript client sets its own."""
    auth: Any = botocore.auth
    now = auth.get_current_datetime
    later = datetime.timedelta(seconds=seconds)
    monkeypatch.setattr(auth, "get_current_datetime", lambda *args, **more: now(*args, **more) + later)


async def id_for(place: Place, which: str, user: str) -> str:
    if which == "live":
        return await place.bench.connection_id(user)
    made = {"never": place.holder.epoch, "another epoch": new_epoch()}
    if which == "closed":
        client = await place.bench.connect(place.holder, f"{user}-closed")
        connection_id = await place.bench.connection_id(f"{user}-closed")
        await client.close()
        await eventually(lambda: place.holder.gateway.parts.registry.get(connection_id) is None)
        return connection_id
    return new_connection_id(made[which]) if which in made else which


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("route", ROUTES)
async def test_a_row(place: Place, monkeypatch: pytest.MonkeyPatch, route: str, client: str, name: str) -> None:
    row, user = ROWS[name], unique("user")
    socket = await place.bench.connect(place.holder, user, max_size=None)
    skew(monkeypatch, row.skew_s)
    connection_id, other = await id_for(place, row.connection, user), new_connection_id(place.holder.epoch)
    answer = await CLIENTS[client](place, place.endpoint(route), row, connection_id, other)
    assert (answer["status"], answer.get("error")) == (row.status, row.error), answer
    assert answer["requestId"]
    assert answer.get("typed", False) == (row.error in TYPED)
    if row.status == 200 and row.call == "post_to_connection":
        assert await asyncio.wait_for(socket.recv(), 5) == row.data.decode()
    elif row.status == 200:
        assert answer["fields"]["Identity"]["SourceIp"] == "127.0.0.1"
    elif row.status == 204:
        assert await closed(socket) == (1000, "Connection Closed Normally")
    else:
        await stays_open_and_silent(socket)


async def stays_open_and_silent(socket: Any) -> None:
    await socket.send('{"action":"ping","id":"still here"}')
    assert "still here" in await asyncio.wait_for(socket.recv(), 5)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("passed_on", [False, True])
async def test_a_rate_that_is_used_up_is_the_client_s_own_exception(place: Place, client: str, passed_on: bool) -> None:
    slow = await place.bench.start(connection_api_rate=0.001, connection_api_burst=1)
    row = Row(status=429, call="get_connection")
    port = (place.other if passed_on else slow).gateway.connection_api_port
    connection_id = new_connection_id(slow.epoch)
    answers = [await CLIENTS[client](place, f"http://127.0.0.1:{port}", row, connection_id, "") for _ in range(2)]
    assert [(answer["status"], answer["error"], answer["typed"]) for answer in answers] == [
        (410, "GoneException", True),
        (429, "LimitExceededException", True),
    ]


async def test_the_javascript_client_mends_a_wrong_clock_by_our_answer(place: Place) -> None:
    user = unique("user")
    await place.bench.connect(place.holder, user)
    row, connection_id = Row(status=200, skew_s=3_600), await place.bench.connection_id(user)
    answer = await by_node(place, place.endpoint("holder"), row, connection_id, "", attempts=3)
    assert (answer["status"], answer["attempts"]) == (200, 2)


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_answer_that_is_lost_between_gateways_is_no_5xx(place: Place, client: str) -> None:
    """The frame went out: the caller may try again, and may push it twice; it never hears that the server failed."""
    holder = await place.bench.start()
    async with balancer(holder.gateway.connection_api_port) as way:
        moved = LeaseRenewed(
            event_id=new_event_id(),
            occurred_at="2026-01-01T00:00:00.000Z",
            gateway_id=holder.gateway_id,
            epoch=holder.epoch,
            address=f"http://127.0.0.1:{way.port}/prod",
        )
        user = unique("user")
        socket = await place.bench.connect(holder, user)
        connection_id = await place.bench.connection_id(user)
        await place.bench.publish(GATEWAYS, holder.gateway_id, moved)
        await eventually(lambda: place.other.gateway.parts.epochs.address(holder.epoch) == moved.address)
        way.cut_answers = True
        answer = await CLIENTS[client](place, place.endpoint("other"), Row(status=429), connection_id, "")
        assert (answer["status"], answer["error"]) == (429, "LimitExceededException")
        assert await asyncio.wait_for(socket.recv(), 5) == "hello あ"
