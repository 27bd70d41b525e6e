"""The way over the organisation's own sign-in: two addresses without a page of their own."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.allowance import address_of
from hub.access.http import peer_of, ports_of
from hub.access.oidc.flow import GOOD_FOR, Flow
from hub.access.policy import EVERYBODY, Call
from hub.access.sign_in import give_cookie
from hub.console.entry.gatehouse import code_sheet, sign_in_sheet
from hub.console.frame.page import local_path
from hub.errors import NotFoundError, ProviderError, SecondFactorError, TooManyRequestsError

COOKIE = "lingdang_way"
COOKIE_PATH = "/sign-in/provider"
STATUS = {"down": 503, "lost": 400}
"""The reason why somebody was not let in → the status; 403 for all others."""


async def go_to_provider(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's word
    """Send a browser to the organisation's sign-in, with the cookie that it has to bring back."""
    flow, target = _flow_of(request), local_path(next)
    try:
        request.state.allowance.take("provider", address_of(request))
        url, cookie = await flow.begin(target)
    except TooManyRequestsError:
        return sign_in_sheet(request, target, message="sign_in.locked", status=429)
    except ProviderError as error:
        return _turned_away(request, target, error)
    response = RedirectResponse(url, 303)
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(GOOD_FOR),
        path=COOKIE_PATH,
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return response


async def come_back(request: Request) -> Response:
    """Let in whom the provider has named; a failure is told on the form."""
    flow, gatekeeper = _flow_of(request), ports_of(request).gatekeeper
    address, target = peer_of(request), "/"
    answer = request.query_params.multi_items()
    response: Response
    try:
        way = flow.take(answer, request.cookies.get(COOKIE, ""))
        target = way.target
        async with gatekeeper.watching(address):
            named = await flow.finish(way, answer)
        signed = await gatekeeper.admit(named.name, address)
    except SecondFactorError as error:
        response = code_sheet(request, target, token=error.token)
    except TooManyRequestsError:
        response = sign_in_sheet(request, target, message="sign_in.locked", status=429)
    except ProviderError as error:
        response = _turned_away(request, target, error)
    else:
        response = RedirectResponse(target, 303)
        give_cookie(request, response, signed)
    response.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax")
    return response


def _turned_away(request: Request, target: str, error: ProviderError) -> Response:
    status = STATUS.get(error.reason, 403)
    message = f"sign_in.provider_{error.reason}"
    return sign_in_sheet(request, target, message=message, status=status)


def _flow_of(request: Request) -> Flow:
    flow = ports_of(request).flow
    if flow is None:
        raise NotFoundError(
            "this hub has no provider of accounts; see [oidc] in its settings",
            zh="本系统没有接入单位账号，请用密码登录。",
        )
    return flow


CALLS = (
    Call(
        method="GET",
        path="/sign-in/provider",
        answer=go_to_provider,
        roles=EVERYBODY,
        operation="goToProvider",
        about="Sends a browser to the organisation's sign-in",
    ),
    Call(
        method="GET",
        path="/sign-in/provider/return",
        answer=come_back,
        roles=EVERYBODY,
        operation="comeBackFromProvider",
        about="Opens a session for whom the provider has named",
    ),
)
