"""Files that are made from code: written, or checked to be current, by one small command line."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def stale(files: Mapping[Path, str]) -> list[Path]:
    """Those that are missing or hold something else, relative to the project."""
    return [path for path, text in files.items() if not _holds(ROOT / path, text)]


def command(module: str, doc: str | None, files: Callable[[], Mapping[Path, str]]) -> int:
    """Write the files; with --check change nothing, name what is not current, and return 1 if anything is."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=doc)
    parser.add_argument("--check", action="store_true", help="only tell whether the files are current")
    if parser.parse_args().check:
        out_of_date = stale(files())
        for path in out_of_date:
            sys.stderr.write(f"{path} is not current: run python -m {module}\n")
        return 1 if out_of_date else 0
    for path, text in files().items():
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text
