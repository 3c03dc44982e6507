"""/healthz, /readyz and /metrics, on a port of their own (spec 13)."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.health import Health


def health_app(name: str, health: Health) -> Starlette:
    """The endpoints of one process. /healthz never depends on anything outside the process."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"process": name, "status": "alive"})

    async def readyz(_request: Request) -> Response:
        missing = health.missing()
        body = {"process": name, "status": "ready" if not missing else "not ready", "missing": missing}
        return JSONResponse(body, status_code=200 if not missing else 503)

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
