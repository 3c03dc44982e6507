from __future__ import annotations

import pytest

from chassis.log_id import OtherLog, from_item, log_id, require_same_log, to_item
from chassis.topic_ids import TopicIdentity
from contracts.topics import BY_NAME, PRESENCE, SUBMISSIONS

TOPICS = {name: TopicIdentity(f"id-{name}", 12) for name in BY_NAME}


def test_the_row_reads_back_as_it_was_written() -> None:
    item = to_item(log_id(TOPICS))
    assert (item["PK"], item["SK"]) == ({"S": "LOG"}, {"S": "ID"})
    assert from_item(item) == log_id(TOPICS)


def test_the_same_topics_pass() -> None:
    require_same_log(log_id(TOPICS), log_id(dict(TOPICS)), "kaiwa")


@pytest.mark.parametrize("other", [TopicIdentity("another", 12), TopicIdentity(f"id-{SUBMISSIONS.name}", 24)])
def test_another_id_or_another_count_is_refused_by_name(other: TopicIdentity) -> None:
    now = log_id({**TOPICS, SUBMISSIONS.name: other})
    with pytest.raises(OtherLog, match=r"\(chat\.submissions\)"):
        require_same_log(log_id(TOPICS), now, "kaiwa")


def test_a_topic_that_no_position_refers_to_may_be_made_again() -> None:
    assert log_id({**TOPICS, PRESENCE.name: TopicIdentity("another", 12)}) == log_id(TOPICS)
