"""What is told of a request that was answered or given up."""

from services.fanout.delivery import Delivery
from services.fanout.gateway_queue import Item
from services.fanout.locations import Locations
from services.fanout.outcomes import Outcome, lost, settle
from tests.unit.services.fanout import given

A, B, C = (given.connection_id(name) for name in "abc")


def item(delivery: Delivery, message_id: str | None, *ids: str, room: str = "lobby") -> Item:
    delivery.expect()
    return Item(b"{}", ids, delivery, room, message_id)


def outcome(**what: frozenset[str]) -> Outcome:
    return Outcome(epoch=given.KEY, at=given.AT, **what)


def views() -> Locations:
    locations = Locations()
    locations.apply(given.presence("alice", 1, given.socket("a")), 0)
    locations.apply(given.presence("bob", 1, given.socket("b")), 0)
    return locations


def test_a_room_s_share_of_an_answer_is_one_event() -> None:
    delivery = Delivery(0, headers=(("traceparent", b"t"),))
    items = [item(delivery, "m1", A, B), item(delivery, "m2", A, B, C), item(delivery, "m3", C, room="den")]
    settle(items, outcome(slow=frozenset({C})), views().forget)
    delivery.seal()
    assert delivery.done
    lobby, den = given.values(delivery.reports)
    assert (lobby["chatRoomId"], lobby["gatewayId"], lobby["epoch"]) == ("lobby", *given.KEY)
    assert lobby["messages"] == [{"messageId": "m1", "connections": 2}, {"messageId": "m2", "connections": 3}]
    assert (lobby["gone"], lobby["slow"], lobby["dropped"]) == ([], [C], [])
    assert den["messages"] == [{"messageId": "m3", "connections": 1}]
    assert delivery.reports[0].headers == (("traceparent", b"t"),)


def test_each_batch_is_told_of_its_own_pushes() -> None:
    first, second = Delivery(0), Delivery(0)
    settle([item(first, "m1", A), item(second, "m2", A)], outcome(), views().forget)
    assert [event["messages"][0]["messageId"] for event in given.values(first.reports)] == ["m1"]
    assert [event["messages"][0]["messageId"] for event in given.values(second.reports)] == ["m2"]


def test_frames_that_are_no_messages_are_not_told() -> None:
    delivery = Delivery(0)
    settle([item(delivery, None, A)], outcome(), views().forget)
    assert delivery.reports == []


def test_a_gone_connection_is_retired_once_and_forgotten() -> None:
    locations, delivery = views(), Delivery(0)
    settle([item(delivery, None, A, B), item(delivery, None, A)], outcome(gone=frozenset({A})), locations.forget)
    (retired,) = given.values(delivery.reports)
    assert (retired["type"], retired["connectionId"], retired["userId"]) == ("retired", A, "alice")
    assert (retired["gatewayId"], retired["epoch"], retired["cause"]) == (*given.KEY, "gone")
    assert (delivery.reports[0].topic, delivery.reports[0].key) == ("chat.connections", "alice")
    assert [place.user_id for place in locations] == ["bob"]


def test_a_connection_that_chat_presence_no_longer_lists_is_not_retired() -> None:
    delivery = Delivery(0)
    settle([item(delivery, None, C)], outcome(gone=frozenset({C})), views().forget)
    assert delivery.reports == []


def test_slow_and_dropped_connections_are_forgotten_and_the_dropped_are_ordered_to_be_closed() -> None:
    locations, delivery = views(), Delivery(0)
    pushed = [item(delivery, "m1", A, B)]
    settle(pushed, outcome(slow=frozenset({A}), dropped=frozenset({B})), locations.forget)
    event, order = given.values(delivery.reports)
    assert (event["slow"], event["dropped"]) == ([A], [B])
    assert (order["type"], order["connectionId"], order["code"]) == ("closeConnection", B, 4408)
    assert (delivery.reports[1].topic, delivery.reports[1].key) == ("chat.controls", "bob")
    assert len(locations) == 0


def test_what_is_lost_with_its_epoch_is_settled_without_a_word() -> None:
    delivery = Delivery(0)
    lost([item(delivery, "m1", A), item(delivery, "m2", A)])
    delivery.seal()
    assert delivery.done
    assert delivery.reports == []
