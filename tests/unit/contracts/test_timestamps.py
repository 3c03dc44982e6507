import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.timestamps import epoch_ms, iso

LAST_OF_9999 = 253_402_300_799_999
moments = st.integers(min_value=0, max_value=LAST_OF_9999)


def test_known_times_have_ms_and_z() -> None:
    assert iso(1_700_000_000_123) == "2023-11-14T22:13:20.123Z"
    assert iso(0) == "1970-01-01T00:00:00.000Z"


@given(moments)
def test_a_time_reads_back_to_the_millisecond(moment: int) -> None:
    assert epoch_ms(iso(moment)) == moment
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", iso(moment))


@given(moments, moments)
def test_times_sort_as_text_as_they_do_as_numbers(one: int, other: int) -> None:
    assert (iso(one) < iso(other)) == (one < other)


@given(moments)
def test_the_text_is_what_the_standard_library_reads(moment: int) -> None:
    assert datetime.fromisoformat(iso(moment)).microsecond == moment % 1000 * 1000


@pytest.mark.parametrize("text", ["", "yesterday", "2023-11-14T22:13:20", "2023-13-14T22:13:20Z"])
def test_what_is_no_time_with_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month|zone"):
        epoch_ms(text)
