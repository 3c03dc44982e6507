from __future__ import annotations

import pytest

from cli.terminal import timeline as module
from cli.terminal.timeline import Fetch, Timeline
from tests.unit.cli.terminal.messages import BEGIN_MS, message


def asked(timeline: Timeline) -> Fetch:
    fetch = timeline.next_fetch()
    assert fetch is not None
    return fetch


def opened(*seqs: int) -> Timeline:
    timeline = Timeline("lobby")
    timeline.connected()
    timeline.page(asked(timeline), [message(seq) for seq in seqs], has_more=True)
    return timeline


def test_the_first_page_is_the_newest_and_older_ones_are_left_where_they_are() -> None:
    timeline = Timeline("lobby")
    timeline.connected()
    fetch = asked(timeline)
    assert fetch.after is None
    assert timeline.page(fetch, [message(7), message(8)], has_more=True) == [message(7), message(8)]
    assert timeline.whole
    assert timeline.next_fetch() is None


def test_what_comes_before_the_first_page_is_held_until_it_is_in() -> None:
    timeline = Timeline("lobby")
    timeline.connected()
    fetch = asked(timeline)
    assert timeline.live(message(9)) == []
    assert timeline.page(fetch, [message(8)], has_more=False) == [message(8), message(9)]


def test_what_follows_the_last_message_is_shown_at_once() -> None:
    timeline = opened(8)
    assert timeline.live(message(9)) == [message(9)]
    assert timeline.live(message(9)) == []
    assert timeline.live(message(3)) == []


def test_a_hole_is_filled_from_the_last_message_before_it_before_anything_later_is_shown() -> None:
    timeline = opened(8)
    assert timeline.live(message(11)) == []
    assert timeline.live(message(12)) == []
    fetch = asked(timeline)
    assert fetch.after == BEGIN_MS + 8000
    assert timeline.page(fetch, [message(9), message(10), message(11)], has_more=False) == [
        message(seq) for seq in (9, 10, 11, 12)
    ]
    assert timeline.whole


def test_a_hole_that_fills_by_itself_needs_no_page() -> None:
    timeline = opened(8)
    timeline.live(message(10))
    fetch = asked(timeline)
    assert timeline.live(message(9)) == []
    assert timeline.page(fetch, [], has_more=False) == [message(9), message(10)]


def test_pages_go_on_until_there_are_no_more() -> None:
    timeline = opened(8)
    timeline.live(message(20))
    assert timeline.page(asked(timeline), [message(9), message(10)], has_more=True) == [message(9), message(10)]
    assert not timeline.whole
    assert asked(timeline).after == BEGIN_MS + 10_000


def test_after_a_reconnect_nothing_live_is_shown_before_what_was_missed() -> None:
    timeline = opened(8)
    timeline.connected()
    assert timeline.live(message(10)) == []
    assert timeline.page(asked(timeline), [message(9)], has_more=False) == [message(9), message(10)]


def test_a_page_asked_for_on_the_connection_before_does_not_count() -> None:
    timeline = opened(8)
    timeline.live(message(10))
    old = asked(timeline)
    timeline.connected()
    assert timeline.page(old, [message(9)], has_more=False) == []
    assert not timeline.whole
    timeline.failed(old)
    assert timeline.page(asked(timeline), [message(9), message(10)], has_more=False) == [message(9), message(10)]


def test_a_page_that_did_not_come_is_asked_for_again_and_only_one_at_a_time() -> None:
    timeline = opened(8)
    timeline.live(message(10))
    fetch = asked(timeline)
    assert timeline.next_fetch() is None
    timeline.failed(fetch)
    assert timeline.next_fetch() == fetch


def test_an_empty_room_is_whole_and_its_first_message_is_shown() -> None:
    timeline = opened()
    assert timeline.whole
    assert timeline.live(message(1)) == [message(1)]


def test_a_hole_in_an_empty_room_is_filled_from_the_beginning() -> None:
    timeline = opened()
    timeline.live(message(2))
    assert asked(timeline).after == 0


def test_too_much_behind_a_hole_is_let_go_and_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 2)
    timeline = opened(1)
    fetch = None
    for seq in (3, 4, 5):
        timeline.live(message(seq))
        fetch = fetch or asked(timeline)
    assert fetch is not None
    assert timeline.page(fetch, [message(2)], has_more=False) == [message(seq) for seq in (2, 3, 4)]
    assert not timeline.whole
    assert timeline.page(asked(timeline), [message(5)], has_more=False) == [message(5)]
    assert timeline.whole
