from __future__ import annotations

from pathlib import Path

from deploy.local.home import Home
from deploy.local.options import Options, decide


def test_a_cluster_keeps_its_keys_and_addresses_from_one_run_to_the_next(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first, second = (decide(home, Options(tmp_path)) for _ in range(2))
    assert first == second


def test_two_clusters_have_different_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (decide(Home(tmp_path / name), Options(tmp_path / name)) for name in ("one", "two"))
    assert one.keys != two.keys
    assert one.keys.access_key_id.isalnum(), "DynamoDB Local takes letters and digits only"
