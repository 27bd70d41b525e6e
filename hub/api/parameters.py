"""Calls about the parameters of rules: what counts where, and setting others."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import ports_of, whole_community
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_rules as shape
from hub.api.paging import json_response
from hub.api.request import read_edited_version
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.model.instant import to_rfc3339
from hub.ports import ParameterCard, Setting


class SettingWish(msgspec.Struct, frozen=True, kw_only=True):
    """Values to `set` for a `device`, a `place` and all below it, a `model`; else everywhere."""

    values: dict[str, bool | int | float | str] = msgspec.field(name="set")
    device: str = ""
    place: str = ""
    model: str = ""


class ParameterWish(msgspec.Struct, frozen=True, kw_only=True):
    """All that is set here of a rule's parameters: it takes the place of what was set before."""

    settings: tuple[SettingWish, ...]
    why: str


class ParameterAction(msgspec.Struct, frozen=True, kw_only=True):
    """The older version that a rule's parameters go `back_to` (0: as the files say)."""

    back_to: int
    why: str


async def read_parameters(request: Request, rule: str, device: str = "") -> Response:
    """Return a rule's parameters, and what counts on one device or on those that differ."""
    card = await ports_of(request).parameters.card(rule, device)
    return json_response(_write(card), etag=f'"{card.version}"')


async def write_parameters(request: Request, rule: str) -> Response:
    """Set a rule's parameters; `If-Match` names the version edited."""
    wish = read_struct(await request.body(), ParameterWish)
    who, on = await whole_community(request), read_edited_version(request)
    settings = [
        Setting(values=each.values, device=each.device, place=each.place, model=each.model)
        for each in wish.settings
    ]

    async def act() -> Response:
        office = ports_of(request).parameters
        card = await office.write(rule, settings, wish.why, who, on=on)
        return json_response(_write(card), 201, etag=f'"{card.version}"')

    return await once(request, who, act)


async def change_parameters(request: Request, rule: str) -> Response:
    """Have an older version of a rule's parameters count again."""
    wish = read_struct(await request.body(), ParameterAction)
    who, on = await whole_community(request), read_edited_version(request)

    async def act() -> Response:
        office = ports_of(request).parameters
        card = await office.go_back(rule, wish.back_to, wish.why, who, on=on)
        return json_response(_write(card), etag=f'"{card.version}"')

    return await once(request, who, act)


def _write(card: ParameterCard) -> dict[str, object]:
    body: dict[str, object] = msgspec.to_builtins(card)
    versions = [{**msgspec.to_builtins(each), "at": to_rfc3339(each.at)} for each in card.versions]
    return {**body, "versions": versions}


CALLS = (
    Call(
        method="GET",
        path="/rules/{rule}/parameters",
        answer=read_parameters,
        roles=LEADERS,
        operation="readParameters",
        about="The parameters of a rule, and what counts on which device",
        shows=shape.Parameters,
    ),
    Call(
        method="POST",
        path="/rules/{rule}/parameters/versions",
        answer=write_parameters,
        roles=ADMINISTRATORS,
        operation="writeParameters",
        about="Other parameters of a rule",
        body=ParameterWish,
        shows=shape.Parameters,
        statuses=(201,),
    ),
    Call(
        method="POST",
        path="/rules/{rule}/parameters/actions",
        answer=change_parameters,
        roles=ADMINISTRATORS,
        operation="changeParameters",
        about="An older version of a rule's parameters",
        body=ParameterAction,
        shows=shape.Parameters,
    ),
)
