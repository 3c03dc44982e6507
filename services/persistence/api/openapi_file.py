"""openapi.json beside this file: the document that /api/openapi.json answers, kept for whoever generates from it.

python -m services.persistence.api.openapi_file            writes it
python -m services.persistence.api.openapi_file --check    exits 1 if what is written is not current
"""

import json
import sys
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from services.persistence.api.openapi import document
from services.persistence.api.server import ROUTERS

FILE: Final = Path(__file__).with_name("openapi.json")


def text() -> str:
    """The document as it is written."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    return json.dumps(document(app), indent=2, ensure_ascii=False) + "\n"


def is_current() -> bool:
    """Whether the file says what the code says."""
    return FILE.is_file() and FILE.read_text(encoding="utf-8") == text()


def main(arguments: list[str]) -> int:
    """The command line; 0, or 1 when `--check` found it stale."""
    if "--check" not in arguments:
        FILE.write_text(text(), encoding="utf-8")
    elif not is_current():
        sys.stderr.write(f"{FILE.name} is not current: run python -m services.persistence.api.openapi_file\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
