"""Why a resident's page says no, in the page's own words and with the next step."""

from __future__ import annotations

from fastapi import Request, Response

from hub.console.frame.language import Words
from hub.console.residents.whistle_sheet import sheet
from hub.errors import (
    ConflictError,
    ForbiddenError,
    HubError,
    InvalidRequestError,
    NotFoundError,
    StoreError,
    TooManyRequestsError,
)


def sorry(request: Request, words: Words, error: HubError) -> Response:
    """Say why not, and what to do."""
    title = "whistle.unknown" if isinstance(error, NotFoundError) else "whistle.sorry"
    said, status = explain(error, words), status_of(error)
    answer = sheet(
        request, "whistle_sorry.html", words, status=status, title=words(title), message=said
    )
    if isinstance(error, TooManyRequestsError):
        answer.headers["retry-after"] = str(max(1, round(error.retry_after)))
    return answer


def explain(error: HubError, words: Words) -> str:
    """Say a refusal in the words of the page."""
    if isinstance(error, TooManyRequestsError):
        return words("whistle.limited", minutes=max(1, round(error.retry_after / 60)))
    if isinstance(error, InvalidRequestError):
        return " ".join(_wrong(field, error, words) for field in error.problems)
    key = next((key for kind, _, key in REFUSED if isinstance(error, kind)), "")
    return words(f"whistle.{key}") if key else words.of(error.texts)


REFUSED: tuple[tuple[type[HubError], int, str], ...] = (
    (NotFoundError, 404, "unknown_why"),
    (ForbiddenError, 403, "foreign"),
    (ConflictError, 409, "over"),
    (StoreError, 503, "no_room"),
)
_STATUS: tuple[tuple[type[HubError], int], ...] = (
    (TooManyRequestsError, 429),
    (InvalidRequestError, 422),
    *((kind, status) for kind, status, _ in REFUSED),
)


def status_of(error: HubError) -> int:
    """Return the status of a refusal."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _wrong(field: str, error: InvalidRequestError, words: Words) -> str:
    if field == "photo":
        return words("whistle.wrong_photo", why=words.of(error.texts))
    if field == "key":
        return words("whistle.old_form")
    return words(f"whistle.wrong_{field}")
