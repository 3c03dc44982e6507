from contracts.controls import EpochLapsed
from contracts.envelope import Event
from contracts.gateways import LeaseRenewed, Stopped, Tick
from services.presence import leases
from services.presence.leases import EpochKey, Leases
from tests.unit.services.presence.log import connected, envelope

NOW_MS = 1_000
OLD, NEW, OTHER = EpochKey("g1", "0000000a"), EpochKey("g1", "0000000b"), EpochKey("g2", "0000000c")


def renewed(key: EpochKey) -> Event:
    return LeaseRenewed(**envelope(), gateway_id=key.gateway_id, epoch=key.epoch, address="http://g")


def lapsed(key: EpochKey) -> Event:
    return EpochLapsed(**envelope(), gateway_id=key.gateway_id, epoch=key.epoch)


def stopped(key: EpochKey) -> Event:
    return Stopped(**envelope(), gateway_id=key.gateway_id, epoch=key.epoch)


def ticks(count: int) -> list[Event]:
    return [Tick(**envelope(), worker_id="w")] * count


def read(*events: Event) -> Leases:
    return goes_on(Leases(ticks_to_lapse=9), *events)


def goes_on(view: Leases, *events: Event, at_ms: int = NOW_MS) -> Leases:
    for event in events:
        view.apply(event, at_ms)
    return view


def test_an_epoch_lives_while_fewer_than_nine_ticks_follow_its_renewal() -> None:
    view = read(renewed(OLD), *ticks(8))
    assert (view.due(), view.ended(OLD, NOW_MS - 1), view.age) == ([], None, 8)


def test_nine_ticks_after_its_last_renewal_an_epoch_is_due() -> None:
    assert read(renewed(OLD), renewed(OTHER), *ticks(8), renewed(OTHER), *ticks(1)).due() == [OLD]


def test_ticks_before_a_renewal_do_not_count() -> None:
    assert read(*ticks(20), renewed(OLD), *ticks(8)).due() == []


def test_a_lapse_counts_when_controls_tell_it_and_not_before() -> None:
    view = read(renewed(OLD), *ticks(9))
    assert view.ended(OLD, NOW_MS - 1) is None
    goes_on(view, lapsed(OLD))
    assert (view.ended(OLD, NOW_MS - 1), view.due()) == ("lapsed", [])


def test_an_epoch_that_is_due_and_renews_before_its_lapse_is_told_lives_on() -> None:
    assert read(renewed(OLD), *ticks(9), renewed(OLD)).due() == []


def test_a_renewal_does_not_bring_back_what_has_ended() -> None:
    for end, cause in ((lapsed(OLD), "lapsed"), (stopped(OLD), "stopped"), (renewed(NEW), "superseded")):
        view = read(renewed(OLD), end, renewed(OLD))
        assert view.ended(OLD, NOW_MS - 1) == cause


def test_a_late_renewal_of_an_old_epoch_leaves_the_new_one_alone() -> None:
    assert read(renewed(OLD), renewed(NEW), renewed(OLD)).ended(NEW, NOW_MS - 1) is None


def test_the_first_end_is_the_cause() -> None:
    assert read(renewed(OLD), stopped(OLD), lapsed(OLD), renewed(NEW)).ended(OLD, NOW_MS - 1) == "stopped"


def test_a_lapse_of_an_epoch_never_heard_of_counts() -> None:
    assert read(lapsed(OLD)).ended(OLD, NOW_MS - 1) == "lapsed"


def test_each_end_is_counted_once() -> None:
    view = read(renewed(OLD), renewed(NEW), lapsed(OLD), stopped(NEW), *ticks(3))
    assert view.endings == 2


def test_an_epoch_that_only_a_connection_names_is_over_nine_ticks_later() -> None:
    view = read(renewed(NEW))
    assert view.ended(OLD, NOW_MS - 1) is None
    goes_on(view, *ticks(8))
    assert view.ended(OLD, NOW_MS - 1) is None
    assert view.due() == []
    goes_on(view, *ticks(1))
    assert view.ended(OLD, NOW_MS - 1) == "lapsed"


def test_an_epoch_whose_lease_comes_after_its_connection_lives() -> None:
    view = read()
    assert view.ended(NEW, NOW_MS - 1) is None
    goes_on(view, *ticks(5), renewed(NEW), *ticks(8))
    assert view.ended(NEW, NOW_MS - 1) is None


def test_ticks_older_than_the_connection_are_not_counted_however_late_they_are_read() -> None:
    view = read()
    assert view.ended(NEW, NOW_MS) is None
    goes_on(view, *ticks(20), renewed(NEW))
    assert view.ended(NEW, NOW_MS) is None


def test_other_events_are_passed_over() -> None:
    assert read(connected("alice")).endings == 0


def test_the_oldest_ends_are_forgotten_so_that_memory_is_bounded(monkeypatch: "object") -> None:
    view = Leases()
    for number in range(leases.ENDED_REMEMBERED + 10):
        goes_on(view, lapsed(EpochKey("g", f"{number:08x}")))
    assert len(view._ended) == leases.ENDED_REMEMBERED
