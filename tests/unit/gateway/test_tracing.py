"""What the gateway records: requests until their answers, pushes until they are written; never what clients ask for."""

import asyncio
import json
import re
import time
from typing import Any

from chassis.publisher import PublishFailed
from contracts.connection_api import Push
from gateway.bulk import BulkPush
from gateway.connection_api import ApiSettings, ConnectionApi
from gateway.connection_paths import Target, target
from gateway.rates import Rate
from gateway.tracing import called, traced
from tests.doubles.gateway import EPOCH, Inside, socket_of
from tests.doubles.traces import Kept, carried, is_under, said, traceparent
from tests.unit.gateway.test_bulk import body
from tests.unit.gateway.test_routes import Routed, text

CALLERS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CONTENT = "words that nobody else may read"


class Recording(Routed):
    """All routes on the doubles, with traces."""

    ratio = 1.0

    def __post_init__(self) -> None:
        self.kept = Kept(self.ratio)
        self.traces = self.kept.traces
        super().__post_init__()


class Unrecorded(Recording):
    ratio = 0.0


def test_every_record_begins_a_trace_of_its_own_that_nobody_records() -> None:
    ((name, value),) = traced()
    assert name == "traceparent"
    assert re.fullmatch(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-00", value)
    assert traced() != traced()


async def test_a_request_is_a_span_from_its_frame_to_its_ack_and_its_record_goes_on_from_it() -> None:
    made = Recording()
    connection = made.connection("alice@example.com")
    made.routes.received(connection, text("sendMessage", chatRoomId="lobby", content=CONTENT, clientMessageId="k"))
    assert made.kept.spans == []
    await made.publisher.acknowledge()
    [ack] = made.frames(connection)
    frame = made.kept.one("frame sendMessage")
    assert said(frame) == {
        "kaiwa.action": "sendMessage",
        "kaiwa.connection.id": connection.id,
        "kaiwa.room.id": "lobby",
        "kaiwa.message.id": ack["messageId"],
    }
    assert frame.parent is None
    assert carried(made.publisher.messages[0].headers) == traceparent(frame)


async def test_what_a_client_says_of_traces_is_not_read() -> None:
    made = Recording()
    made.routes.received(
        made.connection(), text("sendMessage", chatRoomId="lobby", content=CONTENT, traceparent=CALLERS)
    )
    await made.publisher.acknowledge()
    assert CALLERS.split("-")[1] not in made.kept.one("frame sendMessage").to_json()


async def test_at_a_ratio_of_0_a_request_is_no_span_and_its_record_says_so() -> None:
    made = Unrecorded()
    made.routes.received(made.connection(), text("sendMessage", chatRoomId="lobby", content=CONTENT))
    await made.publisher.acknowledge()
    assert made.kept.spans == []
    assert carried(made.publisher.messages[0].headers).endswith(b"-00")


async def test_a_request_that_kafka_does_not_confirm_ends_as_its_sender_hears_it_and_once() -> None:
    made = Recording()
    made.routes.received(made.connection(), text("sendMessage", chatRoomId="lobby", content=CONTENT))
    made.pass_s(6)
    await made.publisher.acknowledge()
    assert said(made.kept.one("frame sendMessage"))["error.type"] == "UNAVAILABLE"
    made = Recording()
    made.routes.received(made.connection(), text("markRead", chatRoomId="lobby", seq=1))
    await made.publisher.fail(PublishFailed("away"))
    assert said(made.kept.one("frame markRead"))["error.type"] == "UNAVAILABLE"
    made = Recording()
    made.publisher.full = True
    made.routes.received(made.connection(), text("sendMessage", chatRoomId="lobby", content=CONTENT))
    assert said(made.kept.one("frame sendMessage"))["error.type"] == "UNAVAILABLE"


async def test_neither_content_nor_user_is_in_any_span() -> None:
    made = Recording()
    made.routes.received(
        made.connection("alice@example.com"),
        text("sendMessage", chatRoomId="lobby", content=CONTENT, clientMessageId="k"),
    )
    await made.publisher.acknowledge()
    told = "".join(span.to_json() for span in made.kept.spans)
    assert "lobby" in told
    assert CONTENT not in told
    assert "alice" not in told


# The connection API


def call(method: str, path: str) -> Target:
    found = target(method, path.encode())
    assert found is not None
    return found


BULK, POST = call("POST", "/prod/@pushes"), call("POST", "/prod/@connections/AAAAAAAAAAAAAAA=")


def carrying(value: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"gateway-1"), (b"traceparent", value.encode())]


def test_a_bulk_push_is_recorded_only_for_a_message_that_is() -> None:
    traces = Kept().traces
    assert called(traces, "POST", BULK, carrying(CALLERS), 0) is not None
    assert called(traces, "POST", BULK, carrying(CALLERS[:-1] + "0"), 0) is None
    assert called(traces, "POST", BULK, carrying("nonsense"), 0) is None
    assert called(traces, "POST", BULK, [], 0) is None


def test_of_other_calls_without_a_trace_the_ratio_is_recorded() -> None:
    assert called(Kept().traces, "POST", POST, [], 0) is not None
    assert called(Kept(ratio=0).traces, "POST", POST, [], 0) is None
    assert called(Kept(ratio=0).traces, "POST", POST, carrying(CALLERS), 0) is not None
    assert called(Kept().traces, "POST", POST, carrying(CALLERS[:-1] + "0"), 0) is None


class Back:
    """The connection API on the doubles; its callers' signatures are believed."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.inside = Inside()
        self.inside.outboxes._soon = asyncio.get_running_loop().call_soon
        parts: dict[str, Any] = {
            "epoch": lambda: EPOCH,
            "registry": self.inside.registry,
            "endings": self.inside.endings,
            "deliverer": self.inside.deliverer,
            "traces": self.kept.traces,
        }
        settings = ApiSettings(stage="prod", keys={}, region="r", rate=Rate(10, 10), bulk_bytes=100_000)
        self.api = ConnectionApi(
            settings,
            bulk=BulkPush(gateway_id="gateway-1", **parts),
            forwarding=None,  # type: ignore[arg-type]
            now=lambda: 0.0,
            wall_ms=lambda: 0,
            **parts,
        )
        self.api._verified = lambda _scope, _body: AnyKey()  # type: ignore[assignment,return-value,method-assign]

    async def ask(self, path: str, sent: bytes, headers: list[tuple[bytes, bytes]]) -> int:
        answers: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": sent}

        async def send(message: Any) -> None:
            answers.append(message)

        scope = {"type": "http", "method": "POST", "raw_path": path.encode(), "headers": headers}
        await self.api(scope, receive, send)
        # What the end of the call left for the next turn.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return int(answers[0]["status"])


class AnyKey:
    def allows(self, _call: str) -> bool:
        return True


async def test_a_bulk_push_is_a_span_with_its_writing_which_ends_after_the_sockets_were_written() -> None:
    back = Back()
    connection, written_ns = back.inside.connection(), [0]
    socket = socket_of(connection)
    write_on = socket.write

    def write(data: bytes) -> int:
        unsent = write_on(data)
        written_ns.append(time.time_ns())
        return unsent

    socket.write = write  # type: ignore[method-assign]
    sent = body(Push(json.dumps({"content": CONTENT}).encode(), (connection.id, "AAAAAAAAAAAAAAA=")))
    assert await back.ask("/prod/@pushes", sent, carrying(CALLERS)) == 200
    assert back.kept.names == ["write", "POST @pushes"]
    written, served = back.kept.spans
    assert is_under(served, CALLERS.encode())
    assert is_under(written, served)
    assert 0 < written_ns[-1] <= (written.end_time or 0) <= (served.end_time or 0)
    assert said(served) == {
        "http.request.method": "POST",
        "http.route": "/{stage}/@pushes",
        "http.response.status_code": 200,
    }
    assert said(written) == {"kaiwa.pushes": 1, "kaiwa.connections": 2, "kaiwa.gone": 1, "kaiwa.slow": 0}
    assert back.inside.frames(connection) == [{"content": CONTENT}]
    assert CONTENT not in written.to_json() + served.to_json()
    await back.ask("/prod/@pushes", sent, carrying(CALLERS))
    assert back.kept.names == ["write", "POST @pushes", "POST @pushes"], "from memory nothing is written"


async def test_a_push_to_one_connection_is_a_span_too_and_nothing_of_its_address_but_the_id() -> None:
    back = Back()
    connection = back.inside.connection()
    await back.ask(f"/prod/@connections/{connection.id}", CONTENT.encode(), [])
    write, served = back.kept.spans
    assert (write.name, served.name) == ("write", "POST @connections/{connectionId}")
    assert said(served)["kaiwa.connection.id"] == connection.id
    assert served.parent is None
    assert is_under(write, served)
    assert CONTENT not in write.to_json() + served.to_json()


async def test_a_call_that_may_not_be_made_is_no_span() -> None:
    back = Back()
    assert await back.ask("/other/@pushes", b"", carrying(CALLERS)) == 403
    assert back.kept.spans == []
