import pytest

from bench.comparison.plan import FEWEST, MOST, bearable, publications
from bench.comparison.taken import ONE_AT_A_TIME, SATURATED, Spread, chosen, further_recipient_per_100k
from tests.unit.bench.measurements import an_outcome, taken


def test_cpu_is_told_for_a_hundred_thousand_deliveries() -> None:
    each = taken("any", 0.5, outcome=an_outcome(delivered=50_000, expected=50_000))
    assert (each.cpu_per_100k, each.system_per_100k, each.generator_per_100k) == (1.0, 0.5, 0.4)
    assert each.deliveries_per_s == 25_000


def test_a_spread_has_the_middle_and_both_ends() -> None:
    spread = Spread.of([3.0, 1.0, 2.0])
    assert spread == Spread(2.0, 1.0, 3.0, 3)
    assert spread.text(1) == "2.0 (1.0 to 3.0)"


def test_what_was_measured_once_has_no_ends() -> None:
    spread = Spread.of([0.481])
    assert spread is not None
    assert spread.text() == "0.48"


def test_nothing_measured_has_no_spread() -> None:
    assert Spread.of([]) is None


def test_only_the_system_kind_and_recipients_that_are_asked_for_are_chosen() -> None:
    wanted = taken("a", 1.0)
    others = [taken("b", 1.0), taken("a", 1.0, kind=SATURATED), taken("a", 1.0, recipients=10)]
    assert chosen([*others, wanted], "a", ONE_AT_A_TIME, recipients=100) == [wanted]


def test_a_further_recipient_costs_what_is_left_without_the_request() -> None:
    # A request of 0.10 ms and a recipient of 0.01 ms: 0.11 ms for one delivery, 1.10 ms for a hundred.
    few, many = taken("a", 11.0, recipients=1), taken("a", 1.1, recipients=100)
    assert further_recipient_per_100k([few], [many]) == pytest.approx([1.0])


def test_a_run_is_as_long_as_the_plan_says_within_bounds() -> None:
    assert publications(1_000, 2.0) == 2_000
    assert (publications(1, 2.0), publications(1e9, 2.0)) == (FEWEST, MOST)


def test_rates_beyond_two_thirds_of_what_a_system_holds_are_left_out() -> None:
    assert bearable((20, 100, 500), 160.0) == (20, 100)
