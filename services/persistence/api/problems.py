"""Refusals as problem+json (RFC 9457) with a stable code (spec 8). Never a stack trace, never a token."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from chassis.backoff import is_retryable
from contracts.problems import STATUS, ProblemCode

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
NO_SUCH_ROOM: Final = "There is no such room, or you are not in it."


class FieldError(BaseModel):
    """One thing that is wrong with the request."""

    where: str = Field(description="path to the value, e.g. body.name")
    message: str


class ProblemBody(BaseModel):
    """The body of every refusal."""

    type: str = Field(description="urn:kaiwa:problem: and the code")
    title: str
    status: int
    code: ProblemCode
    detail: str
    errors: list[FieldError] | None = None


class Problem(Exception):
    """A refusal, raised anywhere below an endpoint."""

    retryable = False

    def __init__(
        self,
        code: ProblemCode,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = tuple(errors)

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return STATUS[self.code]

    def response(self) -> JSONResponse:
        """The answer."""
        body = ProblemBody(
            type=f"urn:kaiwa:problem:{self.code}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            code=self.code,
            detail=self.detail,
            errors=list(self.errors) or None,
        )
        return JSONResponse(
            body.model_dump(exclude_none=True), self.status, headers=self.headers, media_type=MEDIA_TYPE
        )


def unavailable(detail: str, retry_after_s: int = RETRY_AFTER_S) -> Problem:
    """Something that is needed is away; the same request may succeed later."""
    return Problem("UNAVAILABLE", detail, headers={"Retry-After": str(retry_after_s)})


def no_such_room() -> Problem:
    """The room is not there, or the caller is not in it: the answer does not tell which."""
    return Problem("NOT_FOUND", NO_SUCH_ROOM)


def problem_of(error: BaseException) -> Problem:
    """What a client is told of an error: refusals as they are, outages as 503, all else as 500 without details."""
    if isinstance(error, Problem):
        return error
    if is_retryable(error):
        return unavailable("Something that this needs does not answer just now; try again.")
    return Problem("INTERNAL", "Something went wrong here; it has been logged.")


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """The refusal of a request that failed validation: 400 where it is not JSON, else 422, naming each value."""
    found = [FieldError(where=".".join(str(part) for part in e["loc"]), message=str(e["msg"])) for e in errors]
    if any(error["type"] == "json_invalid" for error in errors):
        return Problem("BAD_REQUEST", "The body is not JSON.", errors=found)
    return Problem("UNPROCESSABLE", "; ".join(f"{error.where}: {error.message}" for error in found[:5]), errors=found)
