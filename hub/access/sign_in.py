"""Signing in and out over HTTP: what the page's two forms do."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from hub.access.gatekeeper import SignedIn
from hub.access.http import from_own_page, identity_of, peer_of, ports_of, screen_of
from hub.access.session import (
    COOKIE,
    LIFETIME,
    NOWHERE,
    SCREEN_COOKIE,
    SCREEN_FOR,
    Screen,
    new_cookie,
)
from hub.access.word import LONGEST
from hub.errors import ForbiddenError, InvalidRequestError


async def sign_in(request: Request, *, same_screen: bool = False) -> SignedIn:
    """Check the form's `name` and `password` and open a session.

    With `screen` ticked a guard's session is bound to this browser and address, and with
    `same_screen` where the browser is a wall screen already.

    Raises AuthenticationError, PasswordUnsetError (the one-time code stood in the password's
    place), TooManyRequestsError (locked), ForbiddenError (another site's page sent the form) or
    InvalidRequestError (a field is missing).
    """
    name, password = await _typed(request, "name", "password")
    ticked = (await request.form()).get("screen") == "on"
    gatekeeper, screen = ports_of(request).gatekeeper, _screen(request, ticked, same_screen)
    return await gatekeeper.sign_in(name.strip(), password, peer_of(request), screen)


async def finish_sign_in(request: Request) -> SignedIn:
    """Check the form's `code` of the second factor for who has its `token`; opens the session.

    Raises SecondFactorError (wrong code), AuthenticationError (too late), TooManyRequestsError,
    ForbiddenError or InvalidRequestError as `sign_in` does.
    """
    token, code = await _typed(request, "token", "code")
    return await ports_of(request).gatekeeper.finish_sign_in(token, code, peer_of(request))


async def choose_password(request: Request) -> SignedIn:
    """Check the form's `name` and `code`, keep its `password` and open a session.

    Raises what `sign_in` does; an InvalidRequestError says in `problems` what is wrong with
    `password` (short, long, name, common) or `again` (differs).
    """
    name, code, password, again = await _typed(request, "name", "code", "password", "again")
    if password != again:
        raise InvalidRequestError(
            "两次输入的密码不一样。 The two passwords differ.", problems={"again": "differs"}
        )
    gatekeeper = ports_of(request).gatekeeper
    return await gatekeeper.choose_password(name.strip(), code, password, peer_of(request))


def give_cookie(request: Request, response: Response, signed: SignedIn) -> None:
    """Put the session's cookie on an answer; a wall screen keeps it over a browser's restart."""
    usual: dict[str, Any] = {
        "path": "/",
        "secure": request.url.scheme == "https",
        "httponly": True,
        "samesite": "lax",
    }
    life = int(LIFETIME) if signed.screen else None
    response.set_cookie(COOKIE, signed.cookie, max_age=life, **usual)
    if signed.screen:
        response.set_cookie(SCREEN_COOKIE, signed.screen, max_age=SCREEN_FOR, **usual)


async def sign_out(request: Request, response: Response) -> None:
    """End the session of the request, in the store and in the browser."""
    who = await identity_of(request)
    cookie = request.cookies.get(COOKIE, "")
    if cookie:
        await ports_of(request).gatekeeper.sign_out(cookie, who)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


async def _typed(request: Request, *names: str) -> list[str]:
    if not from_own_page(request):
        raise ForbiddenError("请从本页登录。 Sign in from this hub's own page.")
    form = await request.form()
    texts = [_as_typed(str(form.get(name, ""))) for name in names]
    if not all(0 < len(text.strip()) <= LONGEST for text in texts):
        raise InvalidRequestError(
            f"请填写完整。 Each of {', '.join(names)} is needed.",
            problems=dict.fromkeys(names, "needed"),
        )
    return texts


def _screen(request: Request, ticked: bool, same: bool) -> Screen:
    known = screen_of(request)
    if ticked and not known.secret:
        return Screen(secret=new_cookie(), address=known.address)
    return known if ticked or same else NOWHERE


def _as_typed(text: str) -> str:
    """Undo Latin-1: the form parser takes it for what a script sent as bare UTF-8 (`curl -d`)."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
