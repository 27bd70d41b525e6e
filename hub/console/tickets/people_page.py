"""Who has reported a ticket, and its photos: seen, added and removed by those who handle it."""

from __future__ import annotations

from functools import partial

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.console.frame.page import LEADERS, READERS, STAFF, Visit, show, visit_of
from hub.console.tickets.people_sheet import halves, people_part
from hub.console.tickets.ticket_sheet import visible_ticket
from hub.errors import ConflictError, HubError, InvalidRequestError, NotFoundError, StoreFullError
from hub.model.photo import Moment, Photo
from hub.model.ticket import Ticket
from hub.services.reports.picture import LARGEST_FILE

REFUSED: tuple[tuple[type[HubError], int], ...] = (
    (InvalidRequestError, 422),
    (ConflictError, 409),
    (StoreFullError, 503),
)
"""What is told on the page itself."""
PICTURE_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "inline",
    "cross-origin-resource-policy": "same-origin",
}
"""A picture is shown, and is nothing else whatever it holds; `nosniff` is on every answer."""


async def show_people(request: Request, number: str, lost: str = "") -> Response:
    """Show reports and photos: a page, or its part where the ticket's page asks for it.

    `lost` says that a report was filed, and that there was no room for its photo.
    """
    ticket = await _ticket(request, number)
    return await _page(request, ticket, lost=bool(lost))


async def show_phone(request: Request, number: str) -> Response:
    """Show one reporter's phone number; who looked at it stands in the journal before."""
    ticket, ports, who = (
        await _ticket(request, number),
        ports_of(request),
        await identity_of(request),
    )
    asked = str((await request.form()).get("report", ""))
    known = {report.id for report, _ in await ports.whistle.reports_of(number)}
    if asked not in known:
        raise NotFoundError(f"没有这次报修。 There is no report {asked!r}.")
    told = {"report": asked, "place": ticket.place}
    await ports.desk.write([], [("report.read", number, who.name, told)])
    return await _page(request, ticket, asked=asked)


async def erase_person(request: Request, number: str) -> Response:
    """Delete what a report says of its person, who has asked for it."""
    await _ticket(request, number)
    report = str((await request.form()).get("report", ""))
    await ports_of(request).whistle.erase(number, report, await identity_of(request))
    return RedirectResponse(f"/tickets/{number}/people", 303)


async def add_photo(request: Request, number: str) -> Response:
    """Keep a photo of the work."""
    ticket, ports, who = (
        await _ticket(request, number),
        ports_of(request),
        await identity_of(request),
    )
    async with request.form() as form:
        sent, moment = form.get("photo"), str(form.get("moment", ""))
        try:
            if not isinstance(sent, UploadFile) or moment not in set(Moment):
                raise InvalidRequestError("choose a photo", zh="请选照片。")
            picture = await ports.photos.develop(partial(sent.read, LARGEST_FILE + 1))
            await ports.photos.add(ticket, picture, moment=Moment(moment), actor=who.name)
        except tuple(kind for kind, _ in REFUSED) as error:
            return await _page(request, ticket, refusal=error)
    return RedirectResponse(f"/tickets/{number}/people", 303)


async def show_photo(request: Request, number: str, photo: str) -> Response:
    """Show one photo to who may see its ticket."""
    await _ticket(request, number)
    found = find_photo(request, number, photo)
    body = await ports_of(request).photos.read(found)
    if body is None:
        raise NotFoundError("照片已过保存期。 The photo is not kept any more.")
    return Response(body, media_type="image/jpeg", headers=PICTURE_HEADERS)


async def remove_photo(request: Request, number: str, photo: str) -> Response:
    """Delete a photo before its time."""
    await _ticket(request, number)
    who = await identity_of(request)
    await ports_of(request).photos.remove(find_photo(request, number, photo), who.name)
    return RedirectResponse(f"/tickets/{number}/people", 303)


async def move_photo(request: Request, number: str, photo: str) -> Response:
    """Give a photo to the other half of a ticket that was taken apart."""
    ticket, ports, who = (
        await _ticket(request, number),
        ports_of(request),
        await identity_of(request),
    )
    found, to = find_photo(request, number, photo), str((await request.form()).get("to", ""))
    if to not in halves(ticket):
        raise NotFoundError(f"没有拆出的工单 {to}。 {number} has no other half {to!r}.")
    try:
        await ports.photos.move(found, await visible_ticket(ports, who, to), who.name)
    except ConflictError as error:
        return await _page(request, ticket, refusal=error)
    return RedirectResponse(f"/tickets/{number}/people", 303)


def find_photo(request: Request, number: str, name: str) -> Photo:
    """Return a photo of a ticket by its id, or raise NotFoundError."""
    found = ports_of(request).photos.photos(number)
    photo = next((each for each in found if each.id == name), None)
    if photo is None:
        raise NotFoundError(f"没有这张照片。 There is no photo {name!r}.")
    return photo


async def _ticket(request: Request, number: str) -> Ticket:
    return await visible_ticket(ports_of(request), await identity_of(request), number)


async def _page(
    request: Request,
    ticket: Ticket,
    *,
    asked: str = "",
    refusal: HubError | None = None,
    lost: bool = False,
) -> Response:
    visit = await visit_of(request)
    part = await _part(visit, ticket, asked)
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(part)
    status = next((code for kind, code in REFUSED if isinstance(refusal, kind)), 200)
    message = visit.words.of(refusal.texts) if refusal else visit.words("whistle.photo_lost") * lost
    return show(
        visit, "people.html", status=status, number=ticket.number, part=part, message=message
    )


async def _part(visit: Visit, ticket: Ticket, asked: str) -> str:
    csrf = visit.page.csrf
    return await people_part(visit.ports, ticket, visit.who, visit.words, csrf=csrf, asked=asked)


CALLS = (
    Call(
        method="GET",
        path="/tickets/{number}/people",
        answer=show_people,
        roles=READERS,
        operation="showPeople",
        about="Who has reported a ticket, and its photos",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/phone",
        answer=show_phone,
        roles=STAFF,
        operation="showPhone",
        about="Shows a reporter's phone number, and notes who looked",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/erase",
        answer=erase_person,
        roles=LEADERS,
        operation="erasePerson",
        about="Deletes what a report says of its person",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/photos",
        answer=add_photo,
        roles=READERS,
        operation="addPhotoByForm",
        about="Keeps a photo of the work",
    ),
    Call(
        method="GET",
        path="/tickets/{number}/photos/{photo}",
        answer=show_photo,
        roles=READERS,
        operation="showPhoto",
        about="One photo",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/photos/{photo}/move",
        answer=move_photo,
        roles=LEADERS,
        operation="movePhoto",
        about="Gives a photo to the other half of a ticket that was taken apart",
    ),
    Call(
        method="POST",
        path="/tickets/{number}/photos/{photo}/remove",
        answer=remove_photo,
        roles=LEADERS,
        operation="removePhoto",
        about="Deletes a photo before its time",
    ),
)
