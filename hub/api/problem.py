"""Problem details (RFC 9457): the one place where a failure becomes an HTTP answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from hub.errors import (
    AuthenticationError,
    CommandRefusedError,
    ConfigError,
    ConflictError,
    ForbiddenError,
    GoneError,
    HubError,
    InvalidRequestError,
    LinkError,
    NotFoundError,
    Problem,
    RepetitionError,
    StoreError,
    TooManyRequestsError,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

Page = Callable[[Request, int, str], Awaitable[Response | None]]
"""Makes a page of an error for people (request, status, sentence); None leaves it to JSON."""
Dialect = Callable[[Request, int, Sequence[str], Mapping[str, str]], Response]
"""Says in the words of another standard what is wrong: status, sentences, headers."""
Witness = Callable[[Request, HubError], Awaitable[None]]
"""Is told of each failure that has a name, before it is answered."""

STATUS: tuple[tuple[type[HubError], int], ...] = (
    (AuthenticationError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (CommandRefusedError, 409),
    (GoneError, 410),
    (InvalidRequestError, 422),
    (ConfigError, 422),
    (TooManyRequestsError, 429),
    (LinkError, 502),
    (StoreError, 503),
)
"""The first type that fits gives the status."""

KIND: dict[int, str] = {
    400: "bad-request",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    410: "gone",
    413: "too-large",
    422: "invalid-request",
    429: "too-many-requests",
    500: "internal",
    502: "link-lost",
    503: "store-unavailable",
}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A failure on its way out: status, sentence, further members and headers."""

    status: int
    detail: str
    extra: dict[str, Any] = {}
    headers: dict[str, str] = {}

    @property
    def sentences(self) -> list[str]:
        """Return what is wrong, one sentence for each field that is known."""
        errors = self.extra.get("errors") or {}
        return [f"{field}: {what}" for field, what in errors.items()] or [self.detail]


def install(
    app: FastAPI,
    page: Page | None = None,
    witness: Witness | None = None,
    dialects: Mapping[str, Dialect] = {},
) -> None:
    """Answer every failure as problem details; `page` may show browsers something kinder.

    Below the paths of `dialects` failures are told as other people's standards want them.
    """

    async def answer(request: Request, error: Exception) -> Response:
        if witness is not None and isinstance(error, HubError):
            await witness(request, error)
        failure = describe(error)
        for path, dialect in dialects.items():
            if request.url.path.startswith(path):
                return dialect(request, failure.status, failure.sentences, failure.headers)
        if page is not None and wants_page(request):
            shown = await page(request, failure.status, failure.detail)
            if shown is not None:
                return shown
        return problem(failure, instance=request.url.path)

    for kind in (HubError, RequestValidationError, HTTPException, ClientDisconnect, Exception):
        app.add_exception_handler(kind, answer)


def problem(failure: Failure, *, instance: str = "") -> Response:
    """Return the answer of a failure."""
    body = {
        "type": f"urn:lingdang:problem:{KIND.get(failure.status, 'http')}",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": failure.detail,
        "instance": instance,
        **failure.extra,
    }
    return Response(
        msgspec.json.encode(body),
        status_code=failure.status,
        media_type=MEDIA_TYPE,
        headers=failure.headers,
    )


def describe(error: Exception) -> Failure:
    """Say what an error is in HTTP's words; one that nobody foresaw is logged, and not shown."""
    if isinstance(error, HubError):
        return _of_hub(error)
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return _of_framework(error)
    if isinstance(error, ClientDisconnect):
        return Failure(status=400, detail="The caller hung up in the middle of the body.")
    log.error("a request failed in a way that nobody foresaw", exc_info=error)
    return Failure(
        status=500, detail="服务器内部错误。 The hub failed; its log says why. Please try again."
    )


def wants_page(request: Request) -> bool:
    """Tell whether a person's browser asks, and not a program."""
    if request.url.path.startswith(("/api/", "/grid/", "/open311/")):
        return False
    return "text/html" in request.headers.get("accept", "")


def _of_hub(error: HubError) -> Failure:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    extra = _members(error) | ({"texts": error.texts} if "zh" in error.texts else {})
    return Failure(status=status, detail=str(error), extra=extra, headers=_headers(error))


def _members(error: HubError) -> dict[str, Any]:
    match error:
        case ConflictError():
            first = {"first": error.first} if isinstance(error, RepetitionError) else {}
            return {"possible": list(error.possible)} | first
        case InvalidRequestError():
            return {"errors": error.problems}
        case ConfigError():
            return {"errors": {_spot(each): each.message for each in error.problems}}
        case GoneError():
            return {"oldest": error.oldest} | ({"restored": True} if error.restored else {})
        case TooManyRequestsError():
            return {"retry_after": round(error.retry_after)}
    return {}


def _spot(problem: Problem) -> str:
    cell = f"{problem.sheet}!{problem.cell}"
    return cell if problem.sheet else f"{problem.line}:{problem.column}"


def _headers(error: HubError) -> dict[str, str]:
    match error:
        case AuthenticationError():
            return {"www-authenticate": 'Bearer realm="lingdang"'}
        case TooManyRequestsError():
            return {"retry-after": str(max(1, round(error.retry_after)))}
        case StoreError():
            return {"retry-after": "5"}
    return {}


def _of_validation(error: RequestValidationError) -> Failure:
    errors = {".".join(str(part) for part in each["loc"]): each["msg"] for each in error.errors()}
    named = "; ".join(f"{place}: {message}" for place, message in errors.items())
    return Failure(status=422, detail=f"The request is wrong: {named}.", extra={"errors": errors})


def _of_framework(error: HTTPException) -> Failure:
    headers: Mapping[str, str] = error.headers or {}
    return Failure(status=error.status_code, detail=str(error.detail), headers=dict(headers))
