import math

import pytest

from bench.scaling.growth import Series, exponent


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0, -1.0])
def test_the_exponent_of_a_power_is_found(power: float) -> None:
    found = exponent((size, 3.0 * size**power) for size in (1, 10, 100, 1_000))
    assert found == pytest.approx(power, abs=1e-9)


def test_what_is_no_positive_number_takes_no_part() -> None:
    assert exponent([(0, 5.0), (1, 2.0), (10, 0.0), (100, 200.0), (1_000, math.nan)]) == pytest.approx(1.0)


@pytest.mark.parametrize("points", [[], [(10.0, 1.0)], [(10.0, 1.0), (10.0, 2.0)]])
def test_one_size_has_no_exponent(points: list[tuple[float, float]]) -> None:
    assert exponent(points) is None


def a_series() -> Series:
    found = Series("Pushes", "recipients", ("ms a push", "µs a delivery"), fitted_from=100)
    for size, cost in ((1, 500.0), (100, 1_000.0), (1_000, 10_000.0)):
        found.add(size, (cost, cost / size))
    return found


def test_small_sizes_do_not_bend_the_exponent() -> None:
    assert a_series().exponent("ms a push") == pytest.approx(1.0)
    assert a_series().exponent("µs a delivery") == pytest.approx(0.0, abs=1e-9)


def test_the_table_ends_with_the_exponents() -> None:
    section = a_series().section()
    assert section.columns == ("recipients", "ms a push", "µs a delivery")
    assert section.rows == [
        ("1", "500.0", "500.0"),
        ("100", "1,000", "10.00"),
        ("1,000", "10,000", "10.00"),
        ("exponent, from 100 on", "+1.00", "+0.00"),
    ]


def test_no_exponent_is_told_where_none_is_asked_for() -> None:
    found = Series("A hot room", "messages/s", ("p99 ms",), is_fitted=False)
    found.add(0, (30.0,))
    found.add(5, (math.nan,))
    assert found.section().rows == [("0", "30.00"), ("5", "")]
