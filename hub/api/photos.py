"""Calls about photos of tickets: which there are, one of them, and a new one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from hub.access.body import read_done_at
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_reports as shape
from hub.api.paging import json_response, page
from hub.api.rights import TICKET_HANDS, TICKET_READERS, visible_ticket
from hub.api.shape import Page
from hub.errors import NotFoundError
from hub.model.instant import to_rfc3339
from hub.model.photo import Moment, Photo
from hub.services.tickets.told_time import believe

HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "inline",
}
JPEG = "image/jpeg"


async def list_photos(request: Request, number: str) -> Response:
    """List a ticket's photos, oldest first."""
    ports, who = ports_of(request), await identity_of(request)
    await visible_ticket(ports, who, number)
    return page([_spell(each) for each in ports.photos.photos(number)], None)


async def read_photo(request: Request, number: str, photo: str) -> Response:
    """Give one photo as JPEG."""
    ports, who = ports_of(request), await identity_of(request)
    await visible_ticket(ports, who, number)
    found = next((each for each in ports.photos.photos(number) if each.id == photo), None)
    body = await ports.photos.read(found) if found else None
    if body is None:
        raise NotFoundError(f"没有这张照片。 There is no photo {photo!r}.")
    return Response(body, media_type=JPEG, headers=HEADERS)


async def add_photo(
    request: Request,
    number: str,
    moment: Annotated[
        str, Query(pattern="^(report|before|after)$", description="with the report, or the repair")
    ] = "after",
    done_at: Annotated[str, Query(max_length=40, description="RFC 3339: when it was taken")] = "",
) -> Response:
    """Keep a photo; the body is the file itself: JPEG, PNG or WebP, 10 MiB at most."""
    ports, who = ports_of(request), await identity_of(request)
    ticket = await visible_ticket(ports, who, number)
    told = read_done_at(done_at)

    async def act() -> Response:
        picture = await ports.photos.develop(request.body)
        taken_at = believe(told, since=ticket.opened_at, now=ports.clock.now())
        photo = await ports.photos.add(
            ticket, picture, moment=Moment(moment), actor=who.name, done_at=taken_at
        )
        return json_response(_spell(photo), 201)

    return await once(request, who, act)


def _spell(photo: Photo) -> dict[str, object]:
    return {
        "id": photo.id,
        "moment": photo.moment,
        "actor": photo.actor,
        "at": to_rfc3339(photo.at),
        "done_at": to_rfc3339(photo.done_at),
        "size": photo.size,
        "width": photo.width,
        "height": photo.height,
    }


CALLS = (
    Call(
        method="GET",
        path="/tickets/{number}/photos",
        answer=list_photos,
        roles=TICKET_READERS,
        operation="listPhotos",
        about="A ticket's photos",
        shows=Page[shape.Photo],
    ),
    Call(
        method="GET",
        path="/tickets/{number}/photos/{photo}",
        answer=read_photo,
        roles=TICKET_READERS,
        operation="readPhoto",
        about="One photo as JPEG",
        shows=shape.Jpeg,
        media=JPEG,
    ),
    Call(
        method="POST",
        path="/tickets/{number}/photos",
        answer=add_photo,
        roles=TICKET_HANDS,
        operation="addPhoto",
        about="Keep a photo of a report or of the work; the body is the file",
        shows=shape.Photo,
        statuses=(201,),
        problems=(409,),
    ),
)
