from chassis.publisher import PublishFailed, RecordTooLarge
from chassis.records import Outgoing
from chassis.traces.port import Traces
from gateway.answers import Answers
from gateway.connection import Connection
from gateway.in_flight import InFlight, InFlightLimits
from gateway.requests import Request
from gateway.submit import Submit
from tests.doubles.gateway import Inside

REQUEST = Request("sendMessage", "k", "r")
MESSAGE = Outgoing("chat.submissions", "r", b"x" * 100)


class Made(Inside):
    """A Submit on the doubles."""

    traces: Traces | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.in_flight = InFlight(InFlightLimits(count=2, size=2000, count_total=3, size_total=5000))
        self.answers = Answers(self.deliverer, wall_ms=self.clock.wall_ms)
        self.submit = Submit(
            publisher=self.publisher,  # type: ignore[arg-type]
            answers=self.answers,
            in_flight=self.in_flight,
            wheel=self.wheel,
            acknowledgement_s=5.0,
            traces=self.traces,
        )

    def say(self, connection: Connection, request: Request = REQUEST, message: Outgoing = MESSAGE) -> None:
        self.submit.submit(connection, request, message, message_id="m-1")

    def codes(self, connection: Connection) -> list[str]:
        return [frame.get("code", frame["type"]) for frame in self.frames(connection)]


async def test_the_ack_comes_after_kafka_s_and_not_before() -> None:
    made = Made()
    connection = made.connection()
    made.say(connection)
    assert made.frames(connection) == []
    await made.publisher.acknowledge()
    assert made.frames(connection) == [{"type": "ACK", "messageId": "m-1", "clientMessageId": "k", "chatRoomId": "r"}]
    assert made.in_flight.count == connection.in_flight == connection.in_flight_bytes == 0
    made.pass_s(10)
    assert made.codes(connection) == ["ACK"]


async def test_after_five_seconds_it_is_unavailable_once_and_a_late_ack_follows() -> None:
    made = Made()
    connection = made.connection()
    made.say(connection)
    made.pass_s(4.9)
    assert made.frames(connection) == []
    made.pass_s(0.3)
    assert made.codes(connection) == ["UNAVAILABLE"]
    assert made.in_flight.count == 1
    await made.publisher.acknowledge()
    assert made.codes(connection) == ["UNAVAILABLE", "ACK"]
    assert made.in_flight.count == 0


async def test_a_failure_is_told_once_whenever_it_comes() -> None:
    made = Made()
    connection = made.connection()
    made.say(connection)
    await made.publisher.fail(PublishFailed("away"))
    made.pass_s(10)
    assert made.codes(connection) == ["UNAVAILABLE"]
    made.say(connection)
    made.pass_s(6)
    await made.publisher.fail(PublishFailed("away"))
    assert made.codes(connection) == ["UNAVAILABLE", "UNAVAILABLE"]


async def test_what_the_log_will_never_take_is_not_to_be_sent_again() -> None:
    made = Made()
    connection = made.connection()
    made.say(connection)
    await made.publisher.fail(RecordTooLarge("no"))
    (frame,) = made.frames(connection)
    assert (frame["code"], frame["retryable"]) == ("TOO_LARGE", False)


async def test_a_full_publisher_is_unavailable_at_once() -> None:
    made = Made()
    connection = made.connection()
    made.publisher.full = True
    made.say(connection)
    assert made.codes(connection) == ["UNAVAILABLE"]
    assert made.in_flight.count == 0


async def test_a_connection_with_too_much_under_way_must_wait_and_others_need_not() -> None:
    made = Made()
    one, two = made.connection(), made.connection()
    for _ in range(3):
        made.say(one)
    (frame,) = made.frames(one)
    assert (frame["code"], frame["retryAfterMs"] > 0) == ("THROTTLED", True)
    made.say(two)
    assert made.frames(two) == []
    made.say(two)
    assert made.codes(two) == ["UNAVAILABLE"]
    assert len(made.publisher.messages) == 3
    await made.publisher.acknowledge()
    made.say(one)
    assert len(made.publisher.messages) == 4


async def test_bytes_are_bounded_as_well() -> None:
    made = Made()
    connection = made.connection()
    made.say(connection, message=Outgoing("chat.submissions", "r", b"x" * 2000))
    assert made.codes(connection) == ["THROTTLED"]


async def test_an_acknowledgement_for_one_who_has_gone_is_nobody_s() -> None:
    made = Made()
    connection = made.connection()
    made.say(connection)
    made.endings.close_as(connection, 1000, "")
    await made.publisher.acknowledge()
    assert made.frames(connection) == []
    assert made.in_flight.count == 0


async def test_a_draining_gateway_takes_nothing_more() -> None:
    made = Made()
    connection = made.connection()
    connection.closing_soon = True
    made.say(connection)
    assert made.codes(connection) == ["UNAVAILABLE"]
    assert made.publisher.messages == []


async def test_without_key_or_features_only_the_counter_knows() -> None:
    made = Made()
    connection = made.connection()
    made.say(connection, Request("sendMessage", None, "r"))
    made.pass_s(6)
    await made.publisher.acknowledge()
    assert made.frames(connection) == []
