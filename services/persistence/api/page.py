"""The web page at `/` and what it needs to know at `/config.json` (spec 8).

The built page is served from a folder; where there is none, a page that tells what runs and what to try.
"""

import base64
import hashlib
import mimetypes
from html import escape
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from services.persistence.api.problems import Problem
from services.persistence.api.settings import ApiSettings

BUILT: Final = Path(__file__).parents[3] / "web" / "dist"
"""In a checkout; an installation names the folder in KAIWA_WEB_DIR."""
_LANDING: Final = Template((Path(__file__).parent / "landing.html").read_text(encoding="utf-8"))
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_NO_ESCAPE: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# The builder names assets by their content; everything else may change with the next deployment.
_ASSETS: Final = "assets/"


class Config(BaseModel):
    """What a browser needs to know."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    websocket_url: str
    issuer: str
    client_id: str
    development: bool
    """Whether the local issuer's sign-in stands under /dev/."""


def page_router(settings: ApiSettings) -> APIRouter:
    """The routes outside /api; the last of them takes every path, so it must be included last."""
    router = APIRouter(include_in_schema=False)
    folder = (settings.web_dir or BUILT).resolve()

    @router.get("/config.json")
    async def config(response: Response) -> Config:
        response.headers["Cache-Control"] = "no-cache"
        return Config(
            websocket_url=settings.websocket_url,
            issuer=settings.issuer,
            client_id=settings.client_ids[0],
            development=settings.sign_in_url is not None,
        )

    @router.get("/{path:path}")
    async def page(path: str, request: Request) -> Response:
        if path.startswith(("api/", "dev/")) or path in ("api", "dev"):
            raise Problem("NOT_FOUND", f"There is no {request.method} /{path}.")
        takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
        return _file(folder, path, settings, takes_gzip=takes_gzip) or _landing(path, request, settings)

    return router


def _file(folder: Path, path: str, settings: ApiSettings, *, takes_gzip: bool) -> Response | None:
    index = folder / "index.html"
    if not index.is_file():
        return None
    wanted = (folder / path).resolve() if "\0" not in path else index
    if not wanted.is_relative_to(folder) or not wanted.is_file():
        # A path inside the page, such as /rooms/lobby, is the page's own business; a missing file is missing.
        if "." in path.rsplit("/", 1)[-1]:
            raise Problem("NOT_FOUND", f"There is no /{path}.")
        wanted = index
    caching = "public, max-age=31536000, immutable" if path.startswith(_ASSETS) else "no-cache"
    headers = _SAFE | {"Cache-Control": caching, "Content-Security-Policy": page_policy(settings)}
    # The build puts a compressed twin beside each script and style sheet.
    twin = wanted.with_name(f"{wanted.name}.gz")
    if not twin.is_file():
        return FileResponse(wanted, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    if not takes_gzip:
        return FileResponse(wanted, headers=headers)
    kind = mimetypes.guess_type(wanted.name)[0]
    return FileResponse(twin, headers=headers | {"Content-Encoding": "gzip"}, media_type=kind)


def _landing(path: str, request: Request, settings: ApiSettings) -> Response:
    if path:
        raise Problem("NOT_FOUND", f"There is no /{path}.")
    html = _LANDING.substitute(
        websocket_url=escape(settings.websocket_url),
        issuer=escape(settings.issuer),
        origin=escape(str(request.base_url).rstrip("/")),
    )
    headers = _SAFE | {"Cache-Control": "no-cache", "Content-Security-Policy": landing_policy(html)}
    return HTMLResponse(html, headers=headers)


def page_policy(settings: ApiSettings) -> str:
    """What the built page may do: its own files, this origin, the gateway, and where people sign in."""
    urls = (settings.websocket_url, settings.issuer, *settings.sign_in_origins)
    reachable = " ".join(dict.fromkeys(_origin(url) for url in urls))
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"manifest-src 'self'; connect-src 'self' {reachable}; "
        f"require-trusted-types-for 'script'; trusted-types 'none'; {_NO_ESCAPE}"
    )


def landing_policy(html: str) -> str:
    """What the page without a build may do: show itself, with the one style that it holds."""
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
