"""FastAPI's side of access: who asks, by key or by session, and whether a page of ours asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency

from hub.access.allowance import address_of
from hub.access.idempotency import Repetition
from hub.access.session import COOKIE, SCREEN_COOKIE, Screen, csrf_fits
from hub.access.web_ports import WebPorts
from hub.errors import AuthenticationError, ForbiddenError
from hub.model.access import Identity, Role

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER = "bearer "
CSRF_HEADER = "x-csrf-token"


def bind(ports: WebPorts) -> Dependency:
    """Return a router's dependency that puts the ports where `ports_of` finds them."""
    repetition = Repetition(ports)

    async def put(request: Request) -> None:
        request.state.ports = ports
        request.state.repetition = repetition

    dependency: Dependency = Depends(put)
    return dependency


def ports_of(request: Request) -> WebPorts:
    """Return the ports of the router that answers this request."""
    ports: WebPorts = request.state.ports
    return ports


async def identity_of(request: Request) -> Identity:
    """Return who asks, by key or by session.

    Raises AuthenticationError when nobody known does, and ForbiddenError when a page of another
    site sent the request in somebody's name.
    """
    known: Identity | None = getattr(request.state, "who", None)
    if known is None:
        known = await recognise(request)
        request.state.who = known
    return known


async def recognise(request: Request) -> Identity:
    """Return who asks, without the memory of this request (for streams that ask again)."""
    gatekeeper = ports_of(request).gatekeeper
    header = request.headers.get("authorization", "")
    if header:
        return _known(await gatekeeper.by_token(_token(header)))
    cookie = request.cookies.get(COOKIE, "")
    who = _known(await gatekeeper.by_cookie(cookie, screen_of(request)) if cookie else None)
    if request.method not in SAFE_METHODS:
        await _refuse_foreign_pages(request, cookie)
    return who


async def whole_community(request: Request) -> Identity:
    """Return who asks, for what is the whole community's: its books, its rules, its newcomers.

    Raises ForbiddenError for who sees a part.
    """
    who = await identity_of(request)
    if who.scope:
        raise ForbiddenError(
            f"{who.name} sees {who.scope} only; ask whoever sees the community",
            zh="这是整个社区的事，请找能看到全社区的人员。",
        )
    return who


def peer_of(request: Request) -> str:
    """Return the address that a request comes from, as lock-outs count it."""
    return request.client.host if request.client else ""


def screen_of(request: Request) -> Screen:
    """Return where the request comes from, and the secret of its screen where that has one."""
    return Screen(secret=request.cookies.get(SCREEN_COOKIE, ""), address=address_of(request))


def require(*roles: Role, two_factors: bool = False) -> Callable[[Request], Awaitable[Identity]]:
    """Return a dependency that lets only these roles pass.

    With `two_factors` people pass only with a second factor, where the hub is set up to ask for it.
    """
    allowed = frozenset(roles)

    async def check(request: Request) -> Identity:
        who = await identity_of(request)
        if who.role not in allowed:
            raise ForbiddenError(
                f"{who.name} ({who.role}) 无权进行此操作。 "
                f"{request.method} {request.url.path} is for: {', '.join(sorted(allowed))}."
            )
        if two_factors and not is_proven(request, who):
            raise ForbiddenError(
                f"{who.name}: this hub asks for a second factor here; set it up at /account",
                zh="这里要用动态口令：请先在“更多 → 动态口令”里设好，再重新登录。",
            )
        return who

    return check


def is_proven(request: Request, who: Identity) -> bool:
    """Tell whether somebody has shown a second factor, or need not on this hub."""
    return not ports_of(request).gatekeeper.two_factors or who.proven or who.machine


def _token(header: str) -> str:
    if not header.lower().startswith(BEARER):
        return ""
    return header[len(BEARER) :].strip()


def _known(who: Identity | None) -> Identity:
    if who is None:
        raise AuthenticationError(
            "请登录，或发送密钥。 Sign in, or send a valid key: Authorization: Bearer ld_…"
        )
    return who


async def _refuse_foreign_pages(request: Request, cookie: str) -> None:
    """A browser sends cookies with whatever page asks; JSON or our own token needs ours."""
    if not from_own_page(request) or not await _carries_proof(request, cookie):
        raise ForbiddenError(
            "表单已过期，请刷新页面重试。 "
            "The form did not come from this hub's own page, or is too old; reload and try again."
        )


def from_own_page(request: Request) -> bool:
    """Tell whether the browser, where it says so, names this hub as the sender's origin."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host", "")


async def _carries_proof(request: Request, cookie: str) -> bool:
    if token := request.headers.get(CSRF_HEADER):
        return csrf_fits(cookie, token)
    if _media_type(request) == "application/json":
        return True
    await request.body()  # kept, so that the answering function can read it again
    form = await request.form()
    fits = csrf_fits(cookie, str(form.get("csrf", "")))
    if not fits:
        await request.close()  # files of a refused form are nobody's
    return fits


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
