import math

from bench.figures import Latencies, percentile


def test_a_percentile_is_a_value_that_was_measured() -> None:
    hundred = [float(value) for value in range(1, 101)]
    assert (percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1.0)) == (50, 99, 100)


def test_one_value_is_every_percentile() -> None:
    assert Latencies.of([0.002]) == Latencies(1, 2.0, 2.0, 2.0)


def test_nothing_measured_is_no_number() -> None:
    assert math.isnan(Latencies.of([]).p99)
