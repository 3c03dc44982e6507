"""When a process is ready."""

from chassis.health import Health


def test_a_process_that_starts_is_not_ready() -> None:
    health = Health()
    assert (health.ready, health.missing()) == (False, {"start": "starting"})


def test_a_process_is_ready_when_no_part_has_a_problem() -> None:
    health = Health()
    health.started()
    health.set("table", "away")
    health.set("kafka", "away")
    health.set("table", None)
    assert (health.ready, health.missing()) == (False, {"kafka": "away"})
    health.set("kafka", None)
    assert health.ready


def test_a_part_that_was_never_ill_may_be_well() -> None:
    health = Health()
    health.started()
    health.set("table", None)
    assert health.ready


def test_what_is_missing_is_told_as_a_copy() -> None:
    health = Health()
    health.missing().clear()
    assert not health.ready
