from pathlib import Path

import pytest

from deploy.local import node
from deploy.local.faults import LocalClusterError


def program(folder: Path, name: str, answer: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {answer}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("banner", "version"), [("v20.19.5\n", (20, 19)), ("v24.1.0", (24, 1)), ("", (0, 0)), ("node 20", (0, 0))]
)
def test_the_version_that_node_tells(banner: str, version: tuple[int, int]) -> None:
    assert node.parse_version(banner) == version


def test_a_node_on_the_path_that_is_new_enough_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "node", "v20.19.0")
    program(tmp_path / "bin", "npm", "11")
    monkeypatch.setattr(node, "locked_tools", lambda *_: pytest.fail("another one was fetched"))
    environ = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    assert node.node_environ(environ) == environ


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.9", "nonsense"])
def test_without_one_pypis_comes_first_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    program(tmp_path / "bin", "node", version)
    program(tmp_path / "bin", "npm", "9")
    monkeypatch.setattr(node, "locked_tools", lambda *_: Path("/cache/node/bin"))
    environ = node.node_environ({"PATH": str(tmp_path / "bin")})
    assert environ["PATH"] == f"/cache/node/bin:{tmp_path / 'bin'}"


def test_a_platform_without_any_node_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> Path:
        raise LocalClusterError("NO_NETWORK", "no")

    monkeypatch.setattr(node, "locked_tools", unreachable)
    with pytest.raises(LocalClusterError, match=r"Node 20.19 or later.*install Node") as refused:
        node.node_environ({"PATH": ""})
    assert refused.value.code == "NO_NODE"


def test_the_lock_of_node_has_hashes_and_no_address() -> None:
    text = node.NODE_LOCK.read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
