"""Signing in and out over HTTP: what the page's two forms do."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.gatekeeper import SignedIn
from hub.access.http import from_own_page, identity_of, ports_of
from hub.access.session import COOKIE, LIFETIME
from hub.errors import ForbiddenError, InvalidRequestError
from hub.model.access import Role

LONGEST = 200
"""Letters of a name or password; argon2 need not chew on a book."""


async def sign_in(request: Request) -> SignedIn:
    """Check the form's `name` and `password` and open a session.

    Raises AuthenticationError, TooManyRequestsError (locked), ForbiddenError (another site's page
    sent the form) or InvalidRequestError (a field is missing).
    """
    if not from_own_page(request):
        raise ForbiddenError("请从本页登录。 Sign in from this hub's own page.")
    form = await request.form()
    name = _as_typed(str(form.get("name", ""))).strip()
    password = _as_typed(str(form.get("password", "")))
    if not name or not password or len(name) > LONGEST or len(password) > LONGEST:
        raise InvalidRequestError(
            "请填写姓名和密码。 Name and password are needed.",
            problems={"name": "needed", "password": "needed"},
        )
    address = request.client.host if request.client else ""
    return await ports_of(request).gatekeeper.sign_in(name, password, address)


def give_cookie(request: Request, response: Response, signed: SignedIn) -> None:
    """Put the session's cookie on an answer; a guard's wall keeps it over a browser's restart."""
    response.set_cookie(
        COOKIE,
        signed.cookie,
        max_age=int(LIFETIME) if signed.who.role is Role.GUARD else None,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


async def sign_out(request: Request, response: Response) -> None:
    """End the session of the request, in the store and in the browser."""
    who = await identity_of(request)
    cookie = request.cookies.get(COOKIE, "")
    if cookie:
        await ports_of(request).gatekeeper.sign_out(cookie, who)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def _as_typed(text: str) -> str:
    """Undo Latin-1: the form parser takes it for what a script sent as bare UTF-8 (`curl -d`)."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
