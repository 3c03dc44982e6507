"""Every row of the connection API (spec 6), called with AWS's own client, at the holding gateway and at another."""

import asyncio
import json
from typing import Any

import pytest
import pytest_asyncio
from botocore.exceptions import ClientError

from contracts.connections import Disconnected
from contracts.gateways import LeaseRenewed, Stopped
from contracts.ids import new_connection_id, new_epoch, new_event_id
from contracts.timestamps import epoch_ms
from contracts.topics import GATEWAYS
from tests.path.gateway_bench import Bench, Running, closed, connection_url, frame, say, unique
from tests.waiting import eventually

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def holder(bench: Bench) -> Running:
    extra = [{"accessKeyId": "reader", "secretAccessKey": "s", "actions": ["get"]}]
    return await bench.start(extra_keys=extra)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def other(bench: Bench) -> Running:
    return await bench.start()


@pytest.fixture(params=["holder", "other"])
def asked(request: pytest.FixtureRequest, holder: Running, other: Running) -> Running:
    """The gateway that is asked; the connections are all on the holder."""
    return holder if request.param == "holder" else other


async def called(running: Running, call: str, connection_id: str, **options: Any) -> dict[str, Any]:
    client = running.boto3(**{k: options.pop(k) for k in ("key_id", "secret", "region") if k in options})
    return dict(await asyncio.to_thread(getattr(client, call), ConnectionId=connection_id, **options))


async def refusal(running: Running, call: str, connection_id: str, **options: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        await called(running, call, connection_id, **options)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["RequestId"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


async def test_post_reaches_the_client_as_one_text_frame(bench: Bench, holder: Running, asked: Running) -> None:
    user = unique("user")
    client = await bench.connect(holder, user)
    text = json.dumps({"any": "thing", "日本": "語" * 2000}, ensure_ascii=False)
    answer = await called(asked, "post_to_connection", await bench.connection_id(user), Data=text.encode())
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    assert await asyncio.wait_for(client.recv(), 5) == text


async def test_get_tells_of_the_connection(bench: Bench, holder: Running, asked: Running) -> None:
    user = unique("user")
    client = await bench.connect(holder, user, user_agent_header="tester/2")
    answer = await called(asked, "get_connection", await bench.connection_id(user))
    assert answer["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tester/2"}
    await say(client, "ping", id=1)
    await frame(client)
    later = await called(asked, "get_connection", await bench.connection_id(user))
    assert later["ConnectedAt"] == answer["ConnectedAt"] <= answer["LastActiveAt"] < later["LastActiveAt"]


async def test_get_writes_times_as_the_source_does(bench: Bench, holder: Running) -> None:
    user = unique("user")
    await bench.connect(holder, user, user_agent_header=None)
    status, body, headers = await bench.signed("GET", connection_url(holder, await bench.connection_id(user)))
    info = json.loads(body)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert info["connectedAt"].endswith("Z")
    assert epoch_ms(info["lastActiveAt"]) >= epoch_ms(info["connectedAt"])
    assert info["identity"] == {"sourceIp": "127.0.0.1"}


async def test_delete_closes_with_1000(bench: Bench, holder: Running, asked: Running) -> None:
    user = unique("user")
    client = await bench.connect(holder, user)
    connection_id = await bench.connection_id(user)
    answer = await called(asked, "delete_connection", connection_id)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert await closed(client) == (1000, "Connection Closed Normally")
    (ended,) = await eventually(lambda: bench.log.of(Disconnected, connection_id=connection_id))
    assert (ended.code, ended.reason) == (1000, "Connection Closed Normally")
    assert await refusal(asked, "delete_connection", connection_id) == (410, "GoneException")


@pytest.mark.parametrize("call", ["post_to_connection", "get_connection", "delete_connection"])
async def test_a_closed_connection_is_gone(bench: Bench, holder: Running, asked: Running, call: str) -> None:
    user = unique("user")
    client = await bench.connect(holder, user)
    connection_id = await bench.connection_id(user)
    await client.close()
    await eventually(lambda: bench.log.of(Disconnected, connection_id=connection_id))
    options = {"Data": b"x"} if call == "post_to_connection" else {}
    assert await refusal(asked, call, connection_id, **options) == (410, "GoneException")


async def test_gone_has_an_empty_body(bench: Bench, holder: Running) -> None:
    url = connection_url(holder, new_connection_id(holder.epoch))
    status, body, headers = await bench.signed("POST", url, b"x")
    assert (status, body, headers["x-amzn-errortype"]) == (410, b"", "GoneException")
    assert headers["x-amzn-requestid"]


async def test_an_epoch_that_never_was_is_gone(bench: Bench, holder: Running) -> None:
    assert await refusal(holder, "get_connection", new_connection_id(new_epoch())) == (410, "GoneException")


async def test_an_epoch_that_has_stopped_is_gone(bench: Bench, holder: Running) -> None:
    gateway_id, epoch = unique("stopped"), new_epoch()
    await lease(bench, gateway_id, epoch, "http://127.0.0.1:9/prod")
    assert await refusal(holder, "get_connection", new_connection_id(epoch)) == (429, "LimitExceededException")
    end = Stopped(event_id=new_event_id(), occurred_at="2026-01-01T00:00:00.000Z", gateway_id=gateway_id, epoch=epoch)
    await bench.publish(GATEWAYS, gateway_id, end)
    await eventually(lambda: holder.gateway.parts.epochs.has_ended(epoch))
    assert await refusal(holder, "get_connection", new_connection_id(epoch)) == (410, "GoneException")


async def test_a_gateway_that_cannot_be_reached_is_429_and_never_gone(bench: Bench, holder: Running) -> None:
    epoch = new_epoch()
    await lease(bench, unique("away"), epoch, "http://127.0.0.1:9/prod")
    for call, options in (("get_connection", {}), ("post_to_connection", {"Data": b"x"}), ("delete_connection", {})):
        answer = await refusal(holder, call, new_connection_id(epoch), **options)
        assert answer == (429, "LimitExceededException")


async def test_another_gateway_at_the_old_address_does_not_make_it_gone(
    bench: Bench, holder: Running, other: Running
) -> None:
    epoch = new_epoch()
    await lease(bench, unique("moved"), epoch, other.api_url)
    answer = await refusal(holder, "get_connection", new_connection_id(epoch))
    assert answer == (429, "LimitExceededException")


async def lease(bench: Bench, gateway_id: str, epoch: str, address: str) -> None:
    event = LeaseRenewed(
        event_id=new_event_id(),
        occurred_at="2026-01-01T00:00:00.000Z",
        gateway_id=gateway_id,
        epoch=epoch,
        address=address,
    )
    await bench.publish(GATEWAYS, gateway_id, event)


@pytest.mark.parametrize("connection_id", ["short", "x" * 16, "L0SM9cOFvHcCIh!=", "a" * 15 + "=x"])
async def test_a_malformed_id_is_400(holder: Running, connection_id: str) -> None:
    assert await refusal(holder, "get_connection", connection_id) == (400, "BadRequestException")


async def test_a_malformed_id_is_named(bench: Bench, holder: Running) -> None:
    answer = await bench.signed("GET", f"{holder.api_url}/@connections/short")
    assert answer[:2] == (400, b'{"message":"Invalid connectionId"}')


async def test_a_body_that_is_no_text_is_400_and_the_client_stays(
    bench: Bench, holder: Running, asked: Running
) -> None:
    user = unique("user")
    client = await bench.connect(holder, user)
    connection_id = await bench.connection_id(user)
    answer = await refusal(asked, "post_to_connection", connection_id, Data=b"\xff\xfe")
    assert answer == (400, "BadRequestException")
    await called(asked, "post_to_connection", connection_id, Data=b"still here")
    assert await asyncio.wait_for(client.recv(), 5) == "still here"


async def test_another_stage_is_403(bench: Bench, holder: Running) -> None:
    url = connection_url(holder, new_connection_id(holder.epoch)).replace("/prod/", "/dev/")
    status, body, headers = await bench.signed("GET", url)
    assert (status, body, headers["x-amzn-errortype"]) == (403, b'{"message":"Forbidden"}', "ForbiddenException")


@pytest.mark.parametrize("path", ["", "/@connections", "/@connections/a/b", "/other"])
async def test_another_path_is_403(bench: Bench, holder: Running, path: str) -> None:
    assert (await bench.signed("GET", holder.api_url + path))[0] == 403


async def test_a_key_that_may_only_read_may_only_read(bench: Bench, holder: Running) -> None:
    user = unique("user")
    await bench.connect(holder, user)
    connection_id = await bench.connection_id(user)
    assert (await called(holder, "get_connection", connection_id, key_id="reader", secret="s"))["ConnectedAt"]
    answer = await refusal(holder, "post_to_connection", connection_id, Data=b"x", key_id="reader", secret="s")
    assert answer == (403, "ForbiddenException")
    status, _, _ = await bench.signed("POST", f"{holder.api_url}/@pushes", b"", key=("reader", "s"))
    assert status == 403


async def test_unsigned_unknown_and_wrongly_signed_are_told_apart(bench: Bench, holder: Running) -> None:
    connection_id = new_connection_id(holder.epoch)
    status, _, headers = await bench.call("GET", connection_url(holder, connection_id))
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    answer = await refusal(holder, "get_connection", connection_id, key_id="nobody")
    assert answer == (403, "UnrecognizedClientException")
    answer = await refusal(holder, "get_connection", connection_id, secret="wrong")
    assert answer == (403, "InvalidSignatureException")
    answer = await refusal(holder, "get_connection", connection_id, region="eu-west-1")
    assert answer == (403, "InvalidSignatureException")


async def test_a_body_over_128_kb_is_413(bench: Bench, holder: Running) -> None:
    user = unique("user")
    client = await bench.connect(holder, user)
    connection_id = await bench.connection_id(user)
    await called(holder, "post_to_connection", connection_id, Data=b"x" * 131_072)
    assert len(await asyncio.wait_for(client.recv(), 5)) == 131_072
    answer = await refusal(holder, "post_to_connection", connection_id, Data=b"x" * 131_073)
    assert answer == (413, "PayloadTooLargeException")


async def test_above_the_rate_it_is_429(bench: Bench) -> None:
    slow = await bench.start(connection_api_rate=0.001, connection_api_burst=1)
    connection_id = new_connection_id(slow.epoch)
    assert await refusal(slow, "get_connection", connection_id) == (410, "GoneException")
    assert await refusal(slow, "get_connection", connection_id) == (429, "LimitExceededException")


@pytest.mark.parametrize("written", ["@connections/{}", "%40connections/{}", "./x/../@connections//{}"])
@pytest.mark.parametrize("escaped", ["=", "%3D", "%3d"])
async def test_a_path_may_be_escaped_as_it_likes(bench: Bench, holder: Running, written: str, escaped: str) -> None:
    user = unique("user")
    await bench.connect(holder, user)
    connection_id = (await bench.connection_id(user)).replace("=", escaped)
    status, _, _ = await bench.signed("GET", f"{holder.api_url}/{written.format(connection_id)}")
    assert status == 200


async def test_every_gateway_passes_a_call_on_only_once(bench: Bench, holder: Running, other: Running) -> None:
    user = unique("user")
    await bench.connect(holder, user)
    url = connection_url(other, await bench.connection_id(user))
    status, _, _ = await bench.signed("GET", url, headers={"x-kaiwa-forwarded-by": "third"})
    assert status == 421
