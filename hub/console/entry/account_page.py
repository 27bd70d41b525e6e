"""The page of one's own second factor: set up with an app on the phone, or given up."""

from __future__ import annotations

import segno
from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call, forms
from hub.access.totp import enrolment
from hub.console.frame.page import READERS, show, visit_of
from hub.errors import ConflictError, HubError, InvalidRequestError, TooManyRequestsError

REFUSALS = (InvalidRequestError, ConflictError, TooManyRequestsError)
AGAIN = "/sign-in?said=factor"
"""Where to go once all sessions have ended: the next sign-in tries what was set up."""


async def account_page(request: Request) -> Response:
    """Show whether somebody has a second factor."""
    return await _page(request)


async def begin_by_form(request: Request) -> Response:
    """Offer a secret, as a picture for an app and as letters."""
    try:
        secret = await ports_of(request).gatekeeper.enrolment.offer(await identity_of(request))
    except REFUSALS as error:
        return await _page(request, refusal=error)
    return await _page(request, secret)


async def confirm_by_form(request: Request) -> Response:
    """Have the secret count; everybody who is signed in by the password alone is out."""
    who, code = await identity_of(request), str((await request.form()).get("code", ""))
    gatekeeper = ports_of(request).gatekeeper
    try:
        await gatekeeper.enrolment.confirm(who, code)
    except REFUSALS as error:
        return await _page(request, gatekeeper.enrolment.offered(who), error)
    return RedirectResponse(AGAIN, 303)


async def end_by_form(request: Request) -> Response:
    """Give the second factor up, by its code."""
    who, code = await identity_of(request), str((await request.form()).get("code", ""))
    try:
        await ports_of(request).gatekeeper.enrolment.give_up(who, code)
    except REFUSALS as error:
        return await _page(request, refusal=error)
    return RedirectResponse(AGAIN, 303)


async def _page(request: Request, secret: str = "", refusal: HubError | None = None) -> Response:
    visit = await visit_of(request)
    address = enrolment(secret, visit.who.name, visit.page.community) if secret else ""
    # Without a size of its own it has a view box, and is scaled instead of cut off.
    code = segno.make_qr(address, error="m") if secret else None
    picture = code.svg_inline(omitsize=True, light="#fff") if code else ""
    return show(
        visit,
        "account.html",
        status=422 if refusal else 200,
        is_set=await visit.ports.gatekeeper.enrolment.is_set(visit.who),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=picture,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


CALLS = (
    Call(
        method="GET",
        path="/account",
        answer=account_page,
        roles=READERS,
        operation="showAccount",
        about="The own second factor",
    ),
    *forms(
        READERS,
        (
            "/account/second-factor",
            begin_by_form,
            "offerSecondFactor",
            "Offers a secret for an app",
        ),
        (
            "/account/second-factor/confirm",
            confirm_by_form,
            "confirmSecondFactor",
            "Has a second factor count",
        ),
        ("/account/second-factor/end", end_by_form, "endSecondFactor", "Gives a second factor up"),
    ),
)
