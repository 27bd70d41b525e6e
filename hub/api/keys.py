"""Calls about machines' keys, for administrators of the whole community."""

from __future__ import annotations

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.card import KeyCard, TokenCard
from hub.access.key_cabinet import NewKey
from hub.access.office import office_of
from hub.access.policy import Call
from hub.api.office import answer_once
from hub.api.paging import page
from hub.api.rights import ADMINISTRATORS
from hub.api.shape import Page


class Rotation(msgspec.Struct, frozen=True, kw_only=True):
    """How long the old key goes on beside the new one: `7d`, `12h`; `0d` ends it at once."""

    overlap: str = "7d"


async def list_keys(request: Request) -> Response:
    """List every key without its token."""
    return page(await (await office_of(request)).keys(), None)


async def give_key(request: Request) -> Response:
    """Make a key; 201 with its `token`, shown once."""
    body = await request.body()
    return await answer_once(request, lambda office: office.give(read_struct(body, NewKey)), 201)


async def rotate_key(request: Request, key_id: str) -> Response:
    """Make a key in another's place; 201 with its `token`, shown once."""
    body = await request.body() or b"{}"
    return await answer_once(
        request, lambda office: office.rotate(key_id, read_struct(body, Rotation).overlap), 201
    )


async def revoke_key(request: Request, key_id: str) -> Response:
    """Make a key worthless at once."""
    return await answer_once(request, lambda office: office.revoke(key_id))


CALLS = (
    Call(
        method="GET",
        path="/keys",
        answer=list_keys,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="listKeys",
        about="Keys of machines, and when each was last used",
        shows=Page[KeyCard],
    ),
    Call(
        method="POST",
        path="/keys",
        answer=give_key,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="giveKey",
        about="Make a key",
        body=NewKey,
        shows=TokenCard,
        statuses=(201,),
        problems=(404,),
    ),
    Call(
        method="POST",
        path="/keys/{key_id}/rotate",
        answer=rotate_key,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="rotateKey",
        about="Make a key in another's place, which ends after an overlap",
        body=Rotation,
        shows=TokenCard,
        statuses=(201,),
    ),
    Call(
        method="POST",
        path="/keys/{key_id}/revoke",
        answer=revoke_key,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="revokeKey",
        about="Make a key worthless",
        shows=KeyCard,
    ),
)
