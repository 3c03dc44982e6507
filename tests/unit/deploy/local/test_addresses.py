from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.addresses import MOST_GATEWAYS, Addresses, choose, home_base
from deploy.local.faults import LocalClusterError

FOLDER = Path("/some/where/.kaiwa")


def test_a_folder_keeps_its_block_and_two_folders_have_different_ones() -> None:
    assert choose(FOLDER, None, 1, None, lambda _: True).base == home_base(FOLDER)
    assert home_base(FOLDER) != home_base(Path("/some/where/else/.kaiwa"))


def test_a_taken_block_gives_way_to_the_next_free_one() -> None:
    taken = home_base(FOLDER) + 12
    chosen = choose(FOLDER, None, 1, None, lambda port: port != taken)
    assert chosen.base != home_base(FOLDER)
    assert taken not in chosen.block()


def test_a_taken_port_of_an_asked_block_is_named() -> None:
    with pytest.raises(LocalClusterError, match="30007"):
        choose(FOLDER, 30_000, 1, None, lambda port: port != 30_007)


def test_no_free_block_at_all_is_said() -> None:
    with pytest.raises(LocalClusterError, match="--port-base"):
        choose(FOLDER, None, 1, None, lambda _: False)


def test_dynamodb_local_keeps_its_random_port_while_it_is_free_and_is_never_in_the_block() -> None:
    assert choose(FOLDER, 30_000, 1, 31_500, lambda _: True).dynamodb == 31_500
    assert choose(FOLDER, 30_000, 1, 31_500, lambda port: port != 31_500).dynamodb != 31_500
    assert choose(FOLDER, 30_000, 1, 30_001, lambda _: True).dynamodb not in range(30_000, 30_100)


def test_no_two_processes_share_a_port_and_all_are_below_the_ephemeral_range() -> None:
    at = Addresses(ports.HIGHEST - 100, MOST_GATEWAYS, 0)
    names = ("api", "issuer", "kafka", "controller", "persistence", "api-health", "presence", "fanout", "issuer-health")
    used = [at.port(name) for name in names]
    used += [port for number in range(1, MOST_GATEWAYS + 1) for port in at.gateway(number)]
    assert len(used) == len(set(used))
    assert max(used) < 32_768
    assert set(used) <= set(at.block())
