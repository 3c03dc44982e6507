from chassis.actions import Delete, Put
from chassis.items import plain
from contracts import table
from contracts.limits import TRANSACTION_ACTIONS
from services.presence.records import MOST_EVENTS, actions_of
from tests.unit.services.presence.log import EPOCH, GATEWAY, IDS, TIME, TIME_MS, at, connected, disconnected, retired


def test_a_connected_puts_both_records_with_ttl_a_day_after_it() -> None:
    whole, of_user = actions_of([at(7, connected("alice", features=("typing",)))])
    assert isinstance(whole, Put)
    assert isinstance(of_user, Put)
    shared = {
        "connectionId": IDS[0],
        "gatewayId": GATEWAY,
        "epoch": EPOCH,
        "connectedAt": TIME,
        "ttl": TIME_MS // 1000 + 86_400,
        "position": 7,
    }
    assert {name: plain(value) for name, value in whole.item.items()} == shared | {
        "PK": f"CONNECTION#{IDS[0]}",
        "SK": "METADATA",
        "userId": "alice",
        "features": ["typing"],
    }
    assert {name: plain(value) for name, value in of_user.item.items()} == shared | {
        "PK": "USER#alice",
        "SK": f"CONNECTION#{IDS[0]}",
    }


def test_a_connection_without_features_has_no_such_attribute() -> None:
    whole, _ = actions_of([at(0, connected("alice"))])
    assert isinstance(whole, Put)
    assert "features" not in whole.item


def test_disconnected_and_retired_delete_both_records_whatever_stands_there() -> None:
    keys = [table.connection(IDS[0]), table.user_connection("alice", IDS[0])]
    for event in (disconnected("alice"), retired("alice")):
        assert actions_of([at(1, event)]) == [Delete(key) for key in keys]


def test_of_several_events_on_one_connection_the_last_counts() -> None:
    assert actions_of([at(0, connected("alice")), at(1, disconnected("alice"))]) == actions_of(
        [at(1, disconnected("alice"))]
    )


def test_a_full_batch_fits_into_one_transaction_with_the_fence() -> None:
    events = [at(number, connected(f"u{number}", number)) for number in range(MOST_EVENTS)]
    assert len(actions_of(events)) + 1 <= TRANSACTION_ACTIONS
