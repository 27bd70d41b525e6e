"""The pages of the shift hand-over (交接班): how things stand, and the two signatures under it."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call, forms
from hub.access.session import COOKIE
from hub.access.sign_in import give_cookie, sign_in
from hub.console.frame.language import Words
from hub.console.frame.page import LEADERS, show, visit_of
from hub.errors import (
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    HubError,
    InvalidRequestError,
    NotFoundError,
    SecondFactorError,
    TooManyRequestsError,
)
from hub.model.access import Identity, Role
from hub.model.handover import HandOverState
from hub.model.instant import to_local_text

GUARDS = LEADERS | {Role.GUARD}
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError, ForbiddenError)
DOORS = (AuthenticationError, TooManyRequestsError)
"""What a signature by name and password is refused with beside them."""
SHOWN = 30
"""Sheets in the list."""


async def list_page(request: Request) -> Response:
    """Show how things stand now, the sheet that waits, and the ones before."""
    return await _list(request)


async def give_by_form(request: Request) -> Response:
    """Sign as the guard who leaves."""
    form, who = await request.form(), await identity_of(request)
    notes = str(form.get("notes", ""))
    try:
        made = await ports_of(request).handovers.give(notes, who)
    except REFUSALS as error:
        return await _list(request, notes, error)
    return RedirectResponse(f"/handovers/{made.id}", 303)


async def sheet_page(request: Request, handover: str) -> Response:
    """Show one sheet; on paper it has lines for both signatures."""
    return await _one(request, handover)


async def take_by_form(request: Request, handover: str) -> Response:
    """Sign as the guard who comes: by name and password on the same screen, or on one's own.

    Whoever signs by password is signed in there from then on, and the guard who leaves is not.
    """
    form, who = await request.form(), await identity_of(request)
    remark, name = str(form.get("remark", "")), str(form.get("name", "")).strip()
    try:
        if not name:
            await ports_of(request).handovers.take(handover, remark, who)
            return RedirectResponse(f"/handovers/{handover}", 303)
        return await _take_over(request, handover, remark, name, who)
    except (*REFUSALS, *DOORS) as error:
        return await _one(request, handover, remark, name, error)


async def withdraw_by_form(request: Request, handover: str) -> Response:
    """Take a sheet back that nobody has taken."""
    who = await identity_of(request)
    try:
        await ports_of(request).handovers.withdraw(handover, who)
    except REFUSALS as error:
        return await _one(request, handover, refusal=error)
    return RedirectResponse("/handovers", 303)


async def _take_over(
    request: Request, handover: str, remark: str, name: str, who: Identity
) -> Response:
    ports = ports_of(request)
    if name == (await ports.handovers.find(handover, who)).given_by:
        # Said before the password is looked at: it is not the password that is wrong.
        await ports.handovers.take(handover, remark, who)
    signed = await sign_in(request, same_screen=True)
    try:
        if signed.who.role not in GUARDS:
            raise ForbiddenError(
                f"a {signed.who.role} takes no shift over; a guard or leader does",
                zh=f"{signed.who.name} 不是保安，不能接班。",
            )
        await ports.handovers.take(handover, remark, signed.who)
    except HubError:
        await ports.gatekeeper.sign_out(signed.cookie, signed.who)
        raise
    await ports.gatekeeper.sign_out(request.cookies.get(COOKIE, ""), who)
    response = RedirectResponse(f"/handovers/{handover}", 303)
    give_cookie(request, response, signed)
    return response


async def _list(request: Request, notes: str = "", refusal: HubError | None = None) -> Response:
    visit = await visit_of(request)
    office, who = visit.ports.handovers, visit.who
    return show(
        visit,
        "handovers.html",
        status=422 if refusal else 200,
        sheet=await office.draft(who),
        waiting=office.waiting(who),
        newest=await office.newest(who, SHOWN),
        notes=notes,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


async def _one(
    request: Request,
    handover: str,
    remark: str = "",
    name: str = "",
    refusal: HubError | None = None,
) -> Response:
    visit = await visit_of(request)
    office, who = visit.ports.handovers, visit.who
    found = await office.find(handover, who)
    waits = found.state is HandOverState.GIVEN
    return show(
        visit,
        "handover.html",
        status=422 if refusal else 200,
        handover=found,
        sheet=found.sheet,
        later=await office.since(found, who) if waits else found.later,
        waits=waits,
        own=found.given_by == who.name,
        may_withdraw=waits and (found.given_by == who.name or who.role in LEADERS),
        typed_name=name,
        remark=remark,
        printed=to_local_text(visit.page.now),
        message=_say(refusal, visit.words) if refusal else "",
    )


def _say(refusal: HubError, words: Words) -> str:
    if isinstance(refusal, TooManyRequestsError):
        return words("sign_in.locked")
    if isinstance(refusal, SecondFactorError):
        return words("handover.own_screen")
    if isinstance(refusal, AuthenticationError):
        return words("sign_in.wrong")
    return words.of(refusal.texts)


CALLS = (
    Call(
        method="GET",
        path="/handovers",
        answer=list_page,
        roles=GUARDS,
        operation="showHandOvers",
        about="How things stand for the next shift, and the hand-overs so far",
    ),
    Call(
        method="GET",
        path="/handovers/{handover}",
        answer=sheet_page,
        roles=GUARDS,
        operation="showHandOver",
        about="One hand-over sheet",
    ),
    *forms(
        GUARDS,
        ("/handovers", give_by_form, "giveShiftByForm", "Signs the sheet of a shift that ends"),
        (
            "/handovers/{handover}/take",
            take_by_form,
            "takeShiftByForm",
            "Signs as the guard who comes",
        ),
        (
            "/handovers/{handover}/withdraw",
            withdraw_by_form,
            "withdrawShiftByForm",
            "Takes a sheet back that nobody has taken",
        ),
    ),
)
