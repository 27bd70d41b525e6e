"""The page on which a person chooses a password with a one-time code."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.policy import EVERYBODY, Call
from hub.access.sign_in import choose_password, give_cookie
from hub.console.entry.gatehouse import password_sheet
from hub.console.frame.page import local_path
from hub.errors import (
    AuthenticationError,
    HubError,
    InvalidRequestError,
    TooManyRequestsError,
)

SAYINGS: tuple[tuple[type[HubError], int, str], ...] = (
    (AuthenticationError, 401, "password.wrong"),
    (TooManyRequestsError, 429, "sign_in.locked"),
    (HubError, 403, "sign_in.failed"),
)
"""The first type that fits gives the status and the sentence."""
FAULTS = ("short", "long", "name", "common", "differs", "needed")


async def password_form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's word
    """Show the form to choose a password."""
    return password_sheet(request, local_path(next))


async def take_password(request: Request) -> Response:
    """Keep the password, sign in and go on; a failure is told on the form."""
    form = await request.form()
    target = local_path(str(form.get("next", "/")))
    try:
        signed = await choose_password(request)
    except HubError as error:
        status, saying = _say(error)
        name, code = str(form.get("name", "")), str(form.get("code", ""))
        return password_sheet(request, target, message=saying, name=name, code=code, status=status)
    response = RedirectResponse(target, 303)
    give_cookie(request, response, signed)
    return response


def _say(error: HubError) -> tuple[int, str]:
    if isinstance(error, InvalidRequestError):
        fault = next(iter(error.problems.values()), "")
        return 422, f"password.{fault if fault in FAULTS else 'needed'}"
    return next((status, text) for kind, status, text in SAYINGS if isinstance(error, kind))


CALLS = (
    Call(
        method="GET",
        path="/sign-in/password",
        answer=password_form,
        roles=EVERYBODY,
        operation="showPassword",
        about="The form to choose a password with a one-time code",
    ),
    Call(
        method="POST",
        path="/sign-in/password",
        answer=take_password,
        roles=EVERYBODY,
        operation="choosePassword",
        about="Keeps the password and opens a session",
    ),
)
