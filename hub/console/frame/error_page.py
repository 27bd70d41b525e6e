"""Failures as pages for people: what, why, next step; nobody known is led to the sign-in form."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from hub.console.frame.language import words_of
from hub.console.frame.page import chosen_language, here, is_big
from hub.console.frame.template import paint

UNKNOWN, OTHER = 401, "error_other"
OWN_WORDS = frozenset({403, 404, 409, 422, 429, 503})


async def error_page(request: Request, status: int, detail: str) -> Response | None:
    """Make the page of a failure; `detail` is the hub's own sentence about it."""
    if status == UNKNOWN:
        back = here(request) if request.method == "GET" else "/"
        target = f"/sign-in?next={quote(back, safe='/')}"
        return RedirectResponse(target if back != "/" else "/sign-in", 303)
    key = f"error_{status}" if status in OWN_WORDS else OTHER
    words = words_of(chosen_language(request))
    html = paint("error.html", words, key=key, status=status, detail=detail, big=is_big(request))
    return HTMLResponse(html, status_code=status)
