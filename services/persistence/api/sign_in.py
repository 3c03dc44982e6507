"""The local issuer's doors under this origin, so that a browser needs no third one (spec 8). Development only."""

from typing import Final, Literal

import aiohttp
from fastapi import APIRouter, Request, Response

from chassis.logs import get_logger
from chassis.loopback import is_local
from services.persistence.api.problems import Problem, unavailable

_log = get_logger(__name__)

TIME_LIMIT: Final = aiohttp.ClientTimeout(total=5)
ANSWER_BYTES: Final = 256 * 1024


def sign_in_router(issuer_url: str, *, allow_remote: bool) -> APIRouter:
    """GET /dev/users and POST /dev/token, passed on as they are; to callers on this machine, unless `allow_remote`."""
    router = APIRouter(prefix="/dev", include_in_schema=False)

    @router.api_route("/{door}", methods=["GET", "POST"])
    async def pass_on(door: Literal["users", "token"], request: Request) -> Response:
        # The issuer sees this process as the caller, so who calls is looked at here.
        if not (allow_remote or is_local(request)):
            raise Problem("FORBIDDEN", "Development tokens are given on this machine only, at 127.0.0.1 or localhost.")
        return await _passed_on(f"{issuer_url.rstrip('/')}/dev/{door}", request)

    return router


async def _passed_on(url: str, request: Request) -> Response:
    body = await request.body()
    kind = {"Content-Type": request.headers["content-type"]} if "content-type" in request.headers else {}
    try:
        async with (
            aiohttp.ClientSession(timeout=TIME_LIMIT) as session,
            session.request(
                request.method,
                url,
                params=request.query_params.multi_items(),
                data=body,
                headers=kind,
                allow_redirects=False,
            ) as answer,
        ):
            return await _as_response(answer)
    except (aiohttp.ClientError, TimeoutError) as error:
        _log.warning("the local issuer does not answer", error=type(error).__name__)
        raise unavailable("The local issuer does not answer.") from None


async def _as_response(answer: aiohttp.ClientResponse) -> Response:
    body = await answer.content.read(ANSWER_BYTES + 1)
    if len(body) > ANSWER_BYTES:
        raise Problem("INTERNAL", "The local issuer's answer is too long.")
    headers = {"Cache-Control": "no-store"}
    return Response(body, answer.status, headers=headers, media_type=answer.headers.get("Content-Type"))
