from chassis.readiness import unready
from deploy.local.ports import free_port


def test_a_process_that_does_not_answer_is_not_ready() -> None:
    assert unready(free_port(), timeout_s=0.2) == "no answer from /readyz (ConnectionRefusedError)"
