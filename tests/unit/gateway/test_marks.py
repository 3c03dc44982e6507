from chassis.publisher import PublishFailed
from contracts.client_frames import MarkReadFrame, TypingFrame
from gateway.connection import Connection
from gateway.marks import ReadMarks, TypingNotices
from gateway.requests import Request
from tests.unit.gateway.test_submit import Made

MARK = Request("markRead", None, "r")


class Marking(Made):
    """Read marks and typing notices on the doubles."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.marks = ReadMarks(self.submit, self.wheel, wall_ms=self.clock.wall_ms)
        self.typing = TypingNotices(self.submit, self.wheel, wall_ms=self.clock.wall_ms)

    async def mark(self, connection: Connection, seq: int, room: str = "r") -> None:
        self.marks.mark(connection, MARK, MarkReadFrame(chat_room_id=room, seq=seq))
        await self.publisher.acknowledge()

    async def pass_and_acknowledge(self, seconds: float) -> None:
        self.pass_s(seconds)
        await self.publisher.acknowledge()

    def marked(self) -> list[tuple[str, str, int]]:
        return [(event.user_id, event.chat_room_id, event.seq) for event in self.publisher.events()]


async def test_the_first_mark_goes_at_once_and_the_furthest_of_a_second_at_its_end() -> None:
    made = Marking()
    connection = made.connection("alice")
    for seq in (5, 6, 9, 7):
        await made.mark(connection, seq)
    assert made.marked() == [("alice", "r", 5)]
    await made.pass_and_acknowledge(1.2)
    assert made.marked() == [("alice", "r", 5), ("alice", "r", 9)]
    await made.mark(connection, 10)
    assert len(made.marked()) == 2
    await made.pass_and_acknowledge(1.2)
    await made.pass_and_acknowledge(1.2)
    assert made.marked()[2:] == [("alice", "r", 10)]
    await made.mark(connection, 11)
    assert len(made.marked()) == 4


async def test_two_connections_of_a_user_share_the_second_and_rooms_and_users_do_not() -> None:
    made = Marking()
    one, two, other = made.connection("alice"), made.connection("alice"), made.connection("bob")
    await made.mark(one, 1)
    await made.mark(two, 2)
    await made.mark(one, 1, "another")
    await made.mark(other, 1)
    assert len(made.marked()) == 3
    await made.pass_and_acknowledge(1.2)
    assert made.marked()[3:] == [("alice", "r", 2)]
    event = made.publisher.events()[3]
    assert event.connection.connection_id == two.id


async def test_what_waits_is_published_when_the_process_stops() -> None:
    made = Marking()
    connection = made.connection("alice")
    await made.mark(connection, 1)
    await made.mark(connection, 2)
    made.marks.publish_all()
    assert [seq for _, _, seq in made.marked()] == [1, 2]
    await made.pass_and_acknowledge(2)
    assert len(made.marked()) == 2


async def test_typing_goes_once_in_three_seconds_and_the_rest_is_dropped() -> None:
    made = Marking()
    connection = made.connection("alice")
    frame = TypingFrame(chat_room_id="r")
    for _ in range(3):
        made.typing.notice(connection, frame)
    await made.pass_and_acknowledge(2.8)
    made.typing.notice(connection, frame)
    assert len(made.publisher.messages) == 1
    await made.pass_and_acknowledge(0.4)
    assert len(made.publisher.messages) == 1
    made.typing.notice(connection, frame)
    assert len(made.publisher.messages) == 2


async def test_a_typing_notice_that_kafka_does_not_take_is_nobody_s_business() -> None:
    made = Marking()
    connection = made.connection("alice", features=("typing",))
    made.publisher.full = True
    made.typing.notice(connection, TypingFrame(chat_room_id="r"))
    made.publisher.full = False
    made.typing.notice(connection, TypingFrame(chat_room_id="other"))
    await made.publisher.fail(PublishFailed("away"))
    made.pass_s(10)
    assert made.frames(connection) == []
    assert made.in_flight.count == 0
