"""Settings: the people who can sign in, what each may, and where each is reached."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import quote

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.card import CodeCard, PersonCard, Standing
from hub.access.http import identity_of, ports_of
from hub.access.office import OwnOffice, office_of
from hub.access.people import NewPerson, PersonChange
from hub.access.policy import Call, forms
from hub.console.devices.window_page import place_choices
from hub.console.frame.naming import place_name
from hub.console.frame.page import ADMINISTRATORS, show, visit_of
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Role
from hub.model.bell import ADDRESSES

REFUSALS = (InvalidRequestError, NotFoundError, ConflictError)
ROLES = tuple(role for role in Role if role is not Role.GRID)
"""What people can be; a platform has a key."""
PAGE = "/settings/people"
STATES = (Standing.ACTIVE, Standing.INVITED, Standing.LAPSED, Standing.DISABLED)
LONGEST = 200


async def people_page(request: Request) -> Response:
    """List everybody, and how each stands."""
    return await _list(request)


async def add_by_form(request: Request) -> Response:
    """Add somebody; the page shows the one-time code, once."""
    form = await request.form()
    try:
        new = NewPerson(
            name=_text(form, "name"),
            role=_role(form),
            place=_text(form, "place"),
            phone=_text(form, "phone"),
        )
        made = await (await office_of(request)).add(new)
    except REFUSALS as error:
        return await _list(request, form, error)
    return await _list(request, made=made)


async def person_page(request: Request, person: str) -> Response:
    """Show what can be changed about somebody."""
    return await _one(request, person)


async def change_by_form(request: Request, person: str) -> Response:
    """Give somebody another role, place or phone."""
    form = await request.form()

    async def act(office: OwnOffice) -> object:
        change = PersonChange(
            role=_role(form), place=_text(form, "place"), phone=_text(form, "phone")
        )
        if person == (await identity_of(request)).name and change.role is not Role.ADMINISTRATOR:
            raise ConflictError(
                "nobody takes the own rights away; ask another administrator",
                zh="不能取消自己的管理员权限，请另一位管理员来做。",
            )
        return await office.change(person, change)

    return await _act(request, person, act)


async def reset_by_form(request: Request, person: str) -> Response:
    """Give somebody a new one-time code, which the page shows once."""
    try:
        made = await (await office_of(request)).reset(person)
    except REFUSALS as error:
        return await _one(request, person, error)
    return await _one(request, person, made=made)


async def disable_by_form(request: Request, person: str) -> Response:
    """Shut somebody out."""

    async def act(office: OwnOffice) -> object:
        if person == (await identity_of(request)).name:
            raise ConflictError(
                "nobody shuts oneself out; ask another administrator",
                zh="不能停用自己，请另一位管理员来做。",
            )
        return await office.disable(person)

    return await _act(request, person, act)


async def contact_by_form(request: Request, person: str) -> Response:
    """Write where somebody is reached by bells."""
    form, who = await request.form(), await identity_of(request)
    wish = {kind: _text(form, kind) for kind in ADDRESSES if kind in form}

    async def act(_office: OwnOffice) -> object:
        return await ports_of(request).bells.change_contact(person, wish, who)

    return await _act(request, person, act)


async def _act(
    request: Request, person: str, act: Callable[[OwnOffice], Awaitable[object]]
) -> Response:
    try:
        await act(await office_of(request))
    except REFUSALS as error:
        return await _one(request, person, error)
    return RedirectResponse(f"{PAGE}/{quote(person, safe='')}", 303)


async def _list(
    request: Request,
    form: FormData | None = None,
    refusal: HubError | None = None,
    made: CodeCard | None = None,
) -> Response:
    visit, office = await visit_of(request), await office_of(request)
    live = visit.ports.live
    cards = sorted(await office.people(), key=lambda each: STATES.index(each.state))
    return show(
        visit,
        "staff.html",
        status=422 if refusal else 200,
        rows=[(each, place_name(each.place, live.places())) for each in cards],
        roles=ROLES,
        places=place_choices(live, visit.who),
        typed={name: _text(form, name) for name in ("name", "role", "place", "phone")},
        made=made,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


async def _one(
    request: Request,
    person: str,
    refusal: HubError | None = None,
    made: CodeCard | None = None,
) -> Response:
    visit, office = await visit_of(request), await office_of(request)
    card = await _find(office, person)
    contact = await visit.ports.bells.contact(person, visit.who)
    return show(
        visit,
        "person.html",
        status=422 if refusal else 200,
        card=card,
        roles=ROLES,
        places=place_choices(visit.ports.live, visit.who),
        addresses=[(kind, contact.addresses.get(kind, "")) for kind in ADDRESSES],
        made=made,
        own=person == visit.who.name,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


async def _find(office: OwnOffice, person: str) -> PersonCard:
    card = next((each for each in await office.people() if each.name == person), None)
    if card is None:
        raise NotFoundError(f"there is nobody called {person!r}", zh=f"没有 {person}。")
    return card


def _role(form: FormData) -> Role:
    try:
        return msgspec.convert(_text(form, "role"), Role)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(
            "choose a role", problems={"role": "choose one"}, zh="请选择角色。"
        ) from error


def _text(form: FormData | None, name: str) -> str:
    return str(form.get(name, ""))[:LONGEST].strip() if form else ""


CALLS = (
    Call(
        method="GET",
        path=PAGE,
        answer=people_page,
        roles=ADMINISTRATORS,
        operation="showStaff",
        about="Who can sign in",
        two_factors=True,
    ),
    Call(
        method="GET",
        path=f"{PAGE}/{{person}}",
        answer=person_page,
        roles=ADMINISTRATORS,
        operation="showPerson",
        about="One person who can sign in",
        two_factors=True,
    ),
    *forms(
        ADMINISTRATORS,
        (PAGE, add_by_form, "addPersonByForm", "Adds somebody"),
        (f"{PAGE}/{{person}}/change", change_by_form, "changePersonByForm", "Changes somebody"),
        (f"{PAGE}/{{person}}/reset", reset_by_form, "resetPersonByForm", "A new one-time code"),
        (
            f"{PAGE}/{{person}}/disable",
            disable_by_form,
            "disablePersonByForm",
            "Shuts somebody out",
        ),
        (
            f"{PAGE}/{{person}}/contact",
            contact_by_form,
            "changeContactByForm",
            "Where one is reached",
        ),
        two_factors=True,
    ),
)
