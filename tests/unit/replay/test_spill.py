"""Rows beyond memory: a mapping like any other, however few of them memory may hold."""

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.rows import DirectoryRow, Row
from contracts.table import Key
from replay import spill
from replay.spill import Gone, SpilledRows

KEYS = st.integers(0, 30).map(lambda number: Key(f"P{number % 5}", f"S{number}"))
STEPS = st.lists(st.tuples(st.sampled_from(["put", "gone", "pop", "get"]), KEYS, st.integers(0, 9)), max_size=120)


@settings(deadline=None, max_examples=60)
@given(STEPS)
def test_it_holds_what_a_dict_would_hold(steps: list[tuple[str, Key, int]]) -> None:
    before, spill._AT_ONCE = spill._AT_ONCE, 2  # type: ignore[misc]
    rows, plain = SpilledRows(in_memory=3), dict[Key, Row]()
    try:
        for step, key, position in steps:
            made: Row = Gone(position=position)
            if step == "put":
                made = DirectoryRow(position=position, user_id="u", display_name="n")
            if step in {"put", "gone"}:
                rows[key] = plain[key] = made
            elif step == "pop":
                assert rows.pop(key, None) == plain.pop(key, None)
            assert rows.get(key) == plain.get(key)
        assert dict(rows) == plain
        assert len(rows) == len(plain)
        assert {key for page in rows.pages(4) for key in page} == set(plain)
    finally:
        rows.close()
        spill._AT_ONCE = before  # type: ignore[misc]
