from contracts.gateways import LeaseRenewed, Stopped, Tick
from gateway.epochs import ENDED_REMEMBERED, Epochs


def renewed(epoch: str, gateway_id: str = "gateway-1", address: str = "http://a/prod") -> LeaseRenewed:
    return LeaseRenewed(event_id="e", occurred_at="t", gateway_id=gateway_id, epoch=epoch, address=address)


def stopped(epoch: str, gateway_id: str = "gateway-1") -> Stopped:
    return Stopped(event_id="e", occurred_at="t", gateway_id=gateway_id, epoch=epoch)


def folded(*events: LeaseRenewed | Stopped | Tick) -> Epochs:
    epochs = Epochs()
    for event in events:
        epochs.apply(event, 0)
    return epochs


def test_an_epoch_is_where_it_said_last() -> None:
    epochs = folded(renewed("00000001"), renewed("00000001", address="http://b/prod"))
    assert epochs.address("00000001") == "http://b/prod"
    assert not epochs.has_ended("00000001")


def test_one_that_stopped_has_ended_and_stays_so() -> None:
    epochs = folded(renewed("00000001"), stopped("00000001"), renewed("00000001"))
    assert epochs.address("00000001") is None
    assert epochs.has_ended("00000001")


def test_the_next_epoch_of_a_gateway_ends_the_one_before() -> None:
    epochs = folded(renewed("00000001"), renewed("00000002"), renewed("00000001"))
    assert epochs.address("00000001") is None
    assert epochs.address("00000002") == "http://a/prod"


def test_a_late_stop_of_an_older_epoch_leaves_the_present_one() -> None:
    epochs = folded(renewed("00000001"), renewed("00000002"), stopped("00000001"), renewed("00000002"))
    assert epochs.address("00000002") == "http://a/prod"


def test_other_gateways_are_other_epochs() -> None:
    epochs = folded(
        renewed("00000001"), renewed("00000002", "gateway-2"), Tick(event_id="e", occurred_at="t", worker_id="w")
    )
    assert epochs.address("00000001")
    assert epochs.address("00000002")


def test_an_unknown_epoch_is_neither_here_nor_ended() -> None:
    epochs = folded(renewed("00000001"))
    assert epochs.address("00000009") is None
    assert not epochs.has_ended("00000009")
    assert not epochs.is_known("00000009")
    assert epochs.is_known("00000001")


def test_the_memory_of_ended_epochs_is_bounded() -> None:
    epochs = Epochs()
    for number in range(ENDED_REMEMBERED + 5):
        epochs.end("gateway-1", f"{number:08x}")
    assert not epochs.has_ended("00000000")
    assert epochs.has_ended(f"{ENDED_REMEMBERED:08x}")


TICK = Tick(event_id="e", occurred_at="t", worker_id="w")
A_DAY_MS = 86_400_000


def dead(*, ticks: int, newest_ms: int) -> Epochs:
    """The lease of a gateway that died, and what else the log holds after the news of the lapse was deleted."""
    epochs = folded(renewed("00000001"))
    for number in range(ticks):
        epochs.apply(TICK, newest_ms - ticks + 1 + number)
    return epochs


def test_a_lease_that_outlived_the_news_of_its_lapse_has_ended() -> None:
    assert dead(ticks=9, newest_ms=A_DAY_MS + 1).address("00000001") is None


def test_while_the_news_of_a_lapse_is_kept_the_news_decides() -> None:
    assert dead(ticks=9, newest_ms=A_DAY_MS).address("00000001") == "http://a/prod"


def test_an_outage_of_kafka_of_a_day_ends_nobody() -> None:
    epochs = dead(ticks=8, newest_ms=2 * A_DAY_MS)
    assert epochs.address("00000001") == "http://a/prod"
    epochs.apply(renewed("00000001"), 2 * A_DAY_MS)
    epochs.apply(TICK, 2 * A_DAY_MS)
    assert epochs.address("00000001") == "http://a/prod"
