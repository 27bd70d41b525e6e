"""Refusals that a page tells itself, in the words of who looks."""

from __future__ import annotations

from hub.console.frame.language import Words
from hub.errors import (
    ConflictError,
    ForbiddenError,
    HubError,
    InvalidRequestError,
    StoreFullError,
    TooManyRequestsError,
)

REFUSED: tuple[tuple[type[HubError], int], ...] = (
    (InvalidRequestError, 422),
    (ConflictError, 409),
    (ForbiddenError, 403),
    (TooManyRequestsError, 429),
    (StoreFullError, 503),
)


def explain_refusal(error: HubError, words: Words) -> tuple[int, str]:
    """Return the status of a refused step, and a sentence that names what is missing."""
    status = next(status for kind, status in REFUSED if isinstance(error, kind))
    if isinstance(error, InvalidRequestError) and error.problems and "zh" not in error.texts:
        named = (words.name("case_field", name) for name in error.problems)
        return status, words("case.fill_in", fields=words("punct.list").join(named))
    return status, words.of(error.texts)
