"""Makes the cluster's access key, once: random, in files as container engines mount secrets (see compose.yaml)."""

import os
import secrets
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Both files are there when it returns; those of an earlier start stay as they are."""
    for name, value in {
        "kaiwa_access_key_id": f"KAIWA{secrets.token_hex(8).upper()}",
        "kaiwa_secret_access_key": secrets.token_urlsafe(30),
    }.items():
        _make(folder / name, value)


def _make(file: Path, value: str) -> None:
    if file.exists():
        return
    new = file.with_suffix(".new")
    new.touch(mode=0o400)
    new.chmod(0o600)
    new.write_text(value, encoding="utf-8")
    new.chmod(0o400)
    os.replace(new, file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
