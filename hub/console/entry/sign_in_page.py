"""Pages to sign in, sign out, and choose language and size of letters."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import from_own_page
from hub.access.policy import EVERYBODY, Call
from hub.access.sign_in import finish_sign_in, give_cookie, sign_in, sign_out
from hub.console.entry.gatehouse import code_sheet, password_sheet, sign_in_sheet
from hub.console.frame.language import language_of
from hub.console.frame.page import (
    BIG_COOKIE,
    LANGUAGE_COOKIE,
    ONLOOKERS,
    local_path,
    show,
    visit_of,
)
from hub.errors import (
    AuthenticationError,
    ForbiddenError,
    HubError,
    InvalidRequestError,
    PasswordUnsetError,
    SecondFactorError,
    TooManyRequestsError,
)

YEAR = 365 * 24 * 3600
SAYINGS: tuple[tuple[type[HubError], int, str], ...] = (
    (AuthenticationError, 401, "sign_in.wrong"),
    (InvalidRequestError, 422, "sign_in.wrong"),
    (TooManyRequestsError, 429, "sign_in.locked"),
    (HubError, 403, "sign_in.failed"),
)
"""The first type that fits gives the status and the sentence."""


async def sign_in_form(request: Request, next: str = "/", said: str = "") -> Response:  # noqa: A002 - the address's word
    """Show the form; `said` names a sentence to show above it."""
    message = f"sign_in.{said}" if said in {"ended", "out", "factor"} else ""
    return sign_in_sheet(request, local_path(next), message=message)


async def take_sign_in(request: Request) -> Response:
    """Sign in and go on to where the person wanted to be; a failure is told on the form.

    Who typed the one-time code as password is asked to choose one.
    """
    form = await request.form()
    target = local_path(str(form.get("next", "/")))
    name = str(form.get("name", ""))
    try:
        signed = await sign_in(request)
    except SecondFactorError as error:
        return code_sheet(request, target, token=error.token)
    except PasswordUnsetError:
        return password_sheet(request, target, name=name, code=str(form.get("password", "")))
    except HubError as error:
        status, saying = next((s, text) for kind, s, text in SAYINGS if isinstance(error, kind))
        answer = sign_in_sheet(request, target, message=saying, name=name, status=status)
        if isinstance(error, TooManyRequestsError):
            answer.headers["retry-after"] = str(max(1, round(error.retry_after)))
        return answer
    response = RedirectResponse(target, 303)
    give_cookie(request, response, signed)
    return response


async def take_code(request: Request) -> Response:
    """Take the code of the second factor, and go on; a failure is told on the form."""
    form = await request.form()
    target = local_path(str(form.get("next", "/")))
    try:
        signed = await finish_sign_in(request)
    except SecondFactorError as error:
        said = "sign_in.code_wrong"
        return code_sheet(request, target, token=error.token, message=said, status=401)
    except TooManyRequestsError:
        return sign_in_sheet(request, target, message="sign_in.locked", status=429)
    except HubError:
        return sign_in_sheet(request, target, message="sign_in.too_late", status=401)
    response = RedirectResponse(target, 303)
    give_cookie(request, response, signed)
    return response


async def take_sign_out(request: Request) -> Response:
    """End the session and show the form."""
    response = RedirectResponse("/sign-in?said=out", 303)
    await sign_out(request, response)
    # What a phone keeps goes as well, also where no script does it.
    response.headers["clear-site-data"] = '"storage"'
    return response


async def take_preferences(request: Request) -> Response:
    """Remember language and size of letters in this browser."""
    if not from_own_page(request):
        raise ForbiddenError("请从本页修改。 Change this from the hub's own page.")
    form = await request.form()
    response = RedirectResponse(local_path(str(form.get("next", "/"))), 303)
    chosen: dict[str, Any] = {"max_age": YEAR, "path": "/", "httponly": True, "samesite": "lax"}
    if "language" in form:
        language = language_of(str(form["language"]))
        response.set_cookie(LANGUAGE_COOKIE, language, **chosen)
    if "big" in form:
        response.set_cookie(BIG_COOKIE, "on" if form["big"] == "on" else "off", **chosen)
    return response


async def more(request: Request) -> Response:
    """Show language, letters, and the way out."""
    return show(await visit_of(request), "more.html")


CALLS = (
    Call(
        method="GET",
        path="/sign-in",
        answer=sign_in_form,
        roles=EVERYBODY,
        operation="showSignIn",
        about="The form to sign in",
    ),
    Call(
        method="POST",
        path="/sign-in",
        answer=take_sign_in,
        roles=EVERYBODY,
        operation="signIn",
        about="Opens a session",
    ),
    Call(
        method="POST",
        path="/sign-in/code",
        answer=take_code,
        roles=EVERYBODY,
        operation="signInByCode",
        about="Opens a session by the code of a second factor",
    ),
    Call(
        method="POST",
        path="/sign-out",
        answer=take_sign_out,
        roles=ONLOOKERS,
        operation="signOut",
        about="Ends the session",
    ),
    Call(
        method="POST",
        path="/preferences",
        answer=take_preferences,
        roles=EVERYBODY,
        operation="setPreferences",
        about="Remembers language and size of letters in this browser",
    ),
    Call(
        method="GET",
        path="/more",
        answer=more,
        roles=ONLOOKERS,
        operation="showMore",
        about="Language, letters, and the way out",
    ),
)
