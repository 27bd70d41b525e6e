"""The photo in a form: drawn anew before anything is filed, kept once it is."""

from __future__ import annotations

from functools import partial

from fastapi import Request
from starlette.datastructures import FormData, UploadFile

from hub.access.http import ports_of
from hub.errors import ConflictError, StoreError
from hub.model.photo import Moment, Picture
from hub.services.reports.picture import LARGEST_FILE


async def read_picture(request: Request, form: FormData) -> Picture | None:
    """Return the form's photo, None without one; raises what `PhotoOffice.develop` raises."""
    sent = form.get("photo")
    if not isinstance(sent, UploadFile) or not sent.size:
        return None
    return await ports_of(request).photos.develop(partial(sent.read, LARGEST_FILE + 1))


async def keep_picture(
    request: Request,
    number: str,
    picture: Picture | None,
    *,
    actor: str,
    moment: Moment = Moment.REPORT,
) -> bool:
    """Keep the photo of a form that is taken; tell whether there was no room for it."""
    ports = ports_of(request)
    ticket = await ports.books.ticket(number)
    if picture is None or ticket is None:
        return False
    try:
        await ports.photos.add(ticket, picture, moment=moment, actor=actor)
    except (ConflictError, StoreError):
        return True
    return False
