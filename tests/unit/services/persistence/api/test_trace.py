import re

import pytest

from services.persistence.api.trace import continued

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("asked", ["00", "01"])
def test_a_callers_trace_goes_on_with_a_step_of_its_own_and_is_not_recorded_because_they_ask(asked: str) -> None:
    made = continued(f"00-{TRACE}-00f067aa0ba902b7-{asked}")
    assert re.fullmatch(rf"00-{TRACE}-[0-9a-f]{{16}}-00", made)
    assert "00f067aa0ba902b7" not in made


@pytest.mark.parametrize(
    "incoming",
    [None, "", "nonsense", f"01-{TRACE}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE}-x-01"],
)
def test_without_one_a_trace_begins(incoming: str | None) -> None:
    made = continued(incoming)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made)
    assert TRACE not in made
