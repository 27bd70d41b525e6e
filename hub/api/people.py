"""Calls about the people who can sign in, for administrators of the whole community."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.card import CodeCard, PersonCard
from hub.access.office import office_of
from hub.access.people import NewPerson, PersonChange
from hub.access.policy import Call
from hub.api.office import answer_once
from hub.api.paging import page
from hub.api.rights import ADMINISTRATORS
from hub.api.shape import Page


async def list_people(request: Request) -> Response:
    """List everybody, without secrets."""
    return page(await (await office_of(request)).people(), None)


async def add_person(request: Request) -> Response:
    """Add somebody; 201 with the one-time `code`, shown once."""
    body = await request.body()
    return await answer_once(request, lambda office: office.add(read_struct(body, NewPerson)), 201)


async def reset_person(request: Request, name: str) -> Response:
    """End somebody's password and sessions; answers with a new one-time `code`."""
    return await answer_once(request, lambda office: office.reset(name))


async def change_person(request: Request, name: str) -> Response:
    """Give somebody another role, place or phone; what is null or left out stays."""
    body = await request.body()
    return await answer_once(
        request, lambda office: office.change(name, read_struct(body, PersonChange))
    )


async def disable_person(request: Request, name: str) -> Response:
    """Shut somebody out, at once."""
    return await answer_once(request, lambda office: office.disable(name))


CALLS = (
    Call(
        method="GET",
        path="/people",
        answer=list_people,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="listPeople",
        about="Who can sign in",
        shows=Page[PersonCard],
    ),
    Call(
        method="POST",
        path="/people",
        answer=add_person,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="addPerson",
        about="Add somebody, who chooses a password with the code",
        body=NewPerson,
        shows=CodeCard,
        statuses=(201,),
        problems=(404,),
    ),
    Call(
        method="POST",
        path="/people/{name}/reset",
        answer=reset_person,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="resetPerson",
        about="A new code for somebody; the password and all sessions end",
        shows=CodeCard,
    ),
    Call(
        method="POST",
        path="/people/{name}/change",
        answer=change_person,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="changePerson",
        about="Another role, place or phone for somebody; sessions end",
        body=PersonChange,
        shows=PersonCard,
    ),
    Call(
        method="POST",
        path="/people/{name}/disable",
        answer=disable_person,
        roles=ADMINISTRATORS,
        two_factors=True,
        operation="disablePerson",
        about="Shut somebody out; all sessions end",
        shows=PersonCard,
    ),
)
