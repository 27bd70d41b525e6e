"""Settings: the keys of machines, given, rotated with overlap and revoked; each is shown once."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse

from hub.access.card import KeyCard, TokenCard
from hub.access.key_cabinet import NewKey
from hub.access.office import office_of
from hub.access.policy import Call, forms
from hub.console.devices.window_page import place_choices
from hub.console.frame.naming import place_name
from hub.console.frame.page import ADMINISTRATORS, Visit, show, visit_of
from hub.console.frame.span import ago, calendar_day
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Role
from hub.model.instant import from_rfc3339

REFUSALS = (InvalidRequestError, NotFoundError, ConflictError)
PAGE = "/settings/keys"
LIVES = ("30d", "90d", "365d", "1100d")
OVERLAPS = ("0d", "1d", "7d", "30d")
SOON = 14 * 86_400.0
"""Seconds before its end in which a key says so."""
LONGEST = 64


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One key in words."""

    card: KeyCard
    where: str
    until: str
    used: str
    over: bool
    soon: bool


async def keys_page(request: Request) -> Response:
    """List every key, and when it was last used."""
    return await _page(request)


async def give_by_form(request: Request) -> Response:
    """Make a key; the page shows its token, once."""
    form = await request.form()
    try:
        made = await (await office_of(request)).give(_wish(form))
    except REFUSALS as error:
        return await _page(request, error, name=str(form.get("name", ""))[:LONGEST])
    return await _page(request, made=made)


async def rotate_by_form(request: Request, key_id: str) -> Response:
    """Make a key in another's place, which goes on for the overlap."""
    overlap = str((await request.form()).get("overlap", ""))
    try:
        made = await (await office_of(request)).rotate(key_id, overlap)
    except REFUSALS as error:
        return await _page(request, error)
    return await _page(request, made=made)


async def revoke_by_form(request: Request, key_id: str) -> Response:
    """Make a key worthless."""
    try:
        await (await office_of(request)).revoke(key_id)
    except REFUSALS as error:
        return await _page(request, error)
    return RedirectResponse(PAGE, 303)


def _wish(form: FormData) -> NewKey:
    wish = {name: str(form.get(name, "")) for name in ("name", "role", "place", "expires")}
    try:
        return msgspec.convert(wish, NewKey)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(
            "choose a role", problems={"role": "choose one"}, zh="请选择角色。"
        ) from error


async def _page(
    request: Request,
    refusal: HubError | None = None,
    made: TokenCard | None = None,
    name: str = "",
) -> Response:
    visit, office = await visit_of(request), await office_of(request)
    rows = [_row(each, visit) for each in await office.keys()]
    return show(
        visit,
        "keys.html",
        status=422 if refusal else 200,
        rows=sorted(rows, key=lambda each: each.over),
        roles=tuple(Role),
        places=place_choices(visit.ports.live, visit.who),
        lives=LIVES,
        overlaps=OVERLAPS,
        made=made,
        name=name,
        message=visit.words.of(refusal.texts) if refusal else "",
    )


def _row(card: KeyCard, visit: Visit) -> KeyRow:
    now, words = visit.page.now, visit.words
    ends = from_rfc3339(card.expires_at) if card.expires_at else None
    used = from_rfc3339(card.last_used_at) if card.last_used_at else None
    return KeyRow(
        card=card,
        where=place_name(card.place, visit.ports.live.places()),
        until=calendar_day(ends) if ends else words("keys.no_end"),
        used=ago(used, now, words),
        over=ends is not None and ends <= now,
        soon=ends is not None and now < ends <= now + SOON,
    )


CALLS = (
    Call(
        method="GET",
        path=PAGE,
        answer=keys_page,
        roles=ADMINISTRATORS,
        operation="showKeys",
        about="The keys of machines",
        two_factors=True,
    ),
    *forms(
        ADMINISTRATORS,
        (PAGE, give_by_form, "giveKeyByForm", "Makes a key"),
        (
            f"{PAGE}/{{key_id}}/rotate",
            rotate_by_form,
            "rotateKeyByForm",
            "Makes a key in its place",
        ),
        (f"{PAGE}/{{key_id}}/revoke", revoke_by_form, "revokeKeyByForm", "Makes a key worthless"),
        two_factors=True,
    ),
)
