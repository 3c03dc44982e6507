"""Which browser the tests drive; ``python -m tests.browser.chromium`` tells it, or how to get one."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
SKIP = "KAIWA_SKIP_BROWSER"
HOW = (
    "The tests of the web page need Chromium, and there is none. Install it:\n"
    "  apt-get install -y chromium              (Debian, Ubuntu; as root)\n"
    "  .venv/bin/playwright install chromium    (anywhere)\n"
    f"or name one in KAIWA_CHROMIUM, or leave these tests out: {SKIP}=1 make test"
)


def skipped(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the tests in a browser are left out on purpose."""
    return environ.get(SKIP) == "1"


def find_chromium(environ: Mapping[str, str] = os.environ) -> str | None:
    """The path of a Chromium or Chrome: the one named, the machine's, or the one that Playwright installed."""
    if named := environ.get("KAIWA_CHROMIUM"):
        return named
    on_path = (shutil.which(name, path=environ.get("PATH")) for name in NAMES)
    if found := next(filter(None, on_path), None):
        return found
    return str(MAC) if MAC.exists() else _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def main() -> int:
    """Exit code 1, and how to get one, where there is none."""
    if skipped():
        sys.stderr.write(f"kaiwa: {SKIP}=1: the tests of the web page in a browser are left out.\n")
        return 0
    if find_chromium() is None:
        sys.stderr.write(f"kaiwa: {HOW}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
