import pytest

from bench.load.outcome import GeneratorFailed, connected, outcome
from tests.unit.bench.measurements import an_outcome

LINE = (
    b'{"did":"closed","sent":10,"expected":1000,"delivered":998,"doubled":1,"out_of_order":3,"stray":0,"closed":0,'
    b'"http_failures":0,"reads":500,"seconds":0.5,"cpu_s":0.01,"p50_us":120.5,"p90_us":200.0,"p99_us":310.0,'
    b'"max_us":400.0}\n'
)


def test_a_line_of_the_generator_is_read_with_what_did_not_come() -> None:
    told = outcome(LINE)
    assert (told.sent, told.missing, told.doubled, told.p50_us) == (10, 2, 1, 120.5)
    assert told.complaint() == "2 missing, 1 doubled, 3 out of order"


def test_a_line_that_lacks_a_count_is_refused() -> None:
    with pytest.raises(GeneratorFailed, match="delivered"):
        outcome(LINE.replace(b'"delivered":998,', b""))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(GeneratorFailed):
        connected(b"load: connect: Connection refused\n")


def test_each_delivery_once_and_in_order_is_perfect() -> None:
    assert an_outcome().is_perfect
    assert an_outcome().complaint() == ""


@pytest.mark.parametrize("fault", ["doubled", "stray", "closed", "http_failures"])
def test_a_fault_of_any_kind_is_not_whole(fault: str) -> None:
    assert not an_outcome(**{fault: 1}).is_whole


def test_out_of_order_is_whole_and_not_perfect() -> None:
    late = an_outcome(out_of_order=1)
    assert (late.is_whole, late.is_perfect) == (True, False)
