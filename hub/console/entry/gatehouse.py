"""The forms in front of the door: to sign in, and to choose a password with a one-time code."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import HTMLResponse

from hub.access.http import ports_of
from hub.access.session import SCREEN_COOKIE
from hub.console.frame.language import words_of
from hub.console.frame.page import Page, chosen_language, is_big
from hub.console.frame.template import paint

SHOWN = 200
"""Letters of a typed name or code that a form repeats."""


def sign_in_sheet(
    request: Request, target: str, *, message: str = "", name: str = "", status: int = 200
) -> HTMLResponse:
    """Show the form to sign in; `message` is the key of a sentence above it."""
    screen = "on" if request.cookies.get(SCREEN_COOKIE) else ""
    flow = ports_of(request).flow
    provider = flow.start if flow else ""
    context = {"name": name[:SHOWN], "screen": screen, "provider": provider}
    return _show(request, "sign_in.html", target, message, status, context)


def code_sheet(
    request: Request, target: str, *, token: str, message: str = "", status: int = 200
) -> HTMLResponse:
    """Show the form for the code of a second factor; `token` says whose password was right."""
    return _show(request, "code.html", target, message, status, {"token": token})


def password_sheet(
    request: Request,
    target: str,
    *,
    message: str = "",
    name: str = "",
    code: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Show the form to choose a password; what was typed of name and code stands in it."""
    context = {"name": name[:SHOWN], "code": code[:SHOWN]}
    return _show(request, "password.html", target, message, status, context)


def _show(  # noqa: PLR0917 - private, and both callers stand above
    request: Request, template: str, target: str, message: str, status: int, context: dict[str, str]
) -> HTMLResponse:
    words, ports = words_of(chosen_language(request)), ports_of(request)
    page = Page(
        community=ports.community.name,
        test=ports.community.test,
        name="",
        role="",
        big=is_big(request),
        csrf="",
        now=ports.clock.now(),
        path=request.url.path,
        here=f"{request.url.path}?next={target}",
        stream="",
    )
    said = words(message) if message else ""
    html = paint(template, words, page=page, theme="light", next=target, message=said, **context)
    return HTMLResponse(html, status_code=status)
