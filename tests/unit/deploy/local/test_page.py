import subprocess
from pathlib import Path

import pytest

from deploy.local import page
from deploy.local.faults import LocalClusterError

NPM = """#!/bin/sh
echo "$*" >> {calls}
case "$1" in
  ci) mkdir -p node_modules ;;
  run) mkdir -p dist && echo built > dist/index.html ;;
esac
exit {code}
"""


class Web:
    """A folder with sources, and an npm that notes how it is called."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = root / "web"
        (self.folder / "src").mkdir(parents=True)
        for name in ("package-lock.json", ".npmrc", "src/main.ts"):
            (self.folder / name).write_text(name)
        self._bin, self._calls = root / "bin", root / "calls"
        self._bin.mkdir()
        self.npm()
        environ = {"PATH": f"{self._bin}:/usr/bin:/bin"}
        monkeypatch.setattr(page, "node_environ", lambda: environ)
        monkeypatch.setenv("PATH", environ["PATH"])

    def npm(self, code: int = 0) -> None:
        path = self._bin / "npm"
        path.write_text(NPM.format(calls=self._calls, code=code))
        path.chmod(0o755)

    def build(self) -> list[str]:
        """What npm was asked for, by its first word."""
        self._calls.write_text("")
        page.build(self.folder, lambda *_: None)
        return [line.split()[0] for line in self._calls.read_text().splitlines()]


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Web:
    return Web(tmp_path, monkeypatch)


def test_the_page_is_built_once_and_again_when_its_sources_change(web: Web) -> None:
    assert web.build() == ["ci", "run"]
    assert web.build() == []
    (web.folder / "src" / "main.ts").write_text("changed")
    assert web.build() == ["run"]
    (web.folder / "src" / "more.ts").write_text("new")
    assert web.build() == ["run"]


def test_packages_are_installed_again_when_their_lock_changes(web: Web) -> None:
    web.build()
    (web.folder / "package-lock.json").write_text("another")
    assert web.build() == ["ci", "run"]


def test_tests_and_texts_are_no_sources(web: Web) -> None:
    web.build()
    (web.folder / "tests").mkdir()
    (web.folder / "tests" / "a.test.ts").write_text("expect")
    (web.folder / "README.md").write_text("read")
    assert web.build() == []


def test_a_page_that_was_thrown_away_is_built_again(web: Web) -> None:
    web.build()
    (web.folder / "dist" / "index.html").unlink()
    assert web.build() == ["run"]


def test_packages_that_cannot_be_had_and_a_build_that_fails_are_told(web: Web) -> None:
    web.npm(code=1)
    with pytest.raises(LocalClusterError, match="needs the network") as refused:
        web.build()
    assert refused.value.code == "NO_PACKAGES"
    web.npm()
    web.build()
    (web.folder / "src" / "main.ts").write_text("broken")
    web.npm(code=1)
    with pytest.raises(LocalClusterError, match="cannot be built"):
        web.build()
    assert not page.is_built(web.folder)


def test_no_lock_of_npm_names_where_a_package_came_from() -> None:
    lock = (page.WEB / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved": "http' not in lock
    assert '"integrity": "sha512-' in lock
    assert (page.WEB / ".npmrc").read_text(encoding="utf-8").startswith("omit-lockfile-registry-resolved=true")


def test_nothing_that_is_built_or_installed_is_kept_in_git() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "dist", "node_modules"], cwd=page.WEB, capture_output=True, text=True, check=False
    )
    assert tracked.stdout == ""
