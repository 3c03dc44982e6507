from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.disk import require_space
from deploy.local.faults import LocalClusterError


def test_a_gigabyte_is_enough(tmp_path: Path) -> None:
    assert require_space(tmp_path, 1_000_000_000) is None


def test_less_than_a_gigabyte_is_a_warning(tmp_path: Path) -> None:
    assert "999 MB" in (require_space(tmp_path, 999_999_999) or "")


def test_less_than_200_megabytes_is_refused(tmp_path: Path) -> None:
    assert require_space(tmp_path, 200_000_000)
    with pytest.raises(LocalClusterError, match="make room"):
        require_space(tmp_path, 199_999_999)


def test_the_disk_of_a_folder_that_is_not_there_yet_is_its_parents(tmp_path: Path) -> None:
    require_space(tmp_path / "not" / "yet")
