from __future__ import annotations

from deploy.local.up import stages


def test_sockets_are_closed_while_all_that_hears_of_it_still_runs_and_storage_ends_last() -> None:
    order = stages(2)
    assert order[0] == ["gateway-1", "gateway-2"]
    assert order[-1] == ["dynamodb", "kafka"]
    assert order.index(["fanout"]) < next(i for i, stage in enumerate(order) if "persistence" in stage)
