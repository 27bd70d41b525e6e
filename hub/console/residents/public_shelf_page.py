"""挂账公示 for everybody, where the site has it published: what is put off, and until when."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.http import ports_of
from hub.access.policy import EVERYBODY, Call
from hub.console.live.reading import subject_name
from hub.console.residents.whistle_refusal import sorry
from hub.console.residents.whistle_sheet import chosen, sheet
from hub.errors import NotFoundError
from hub.model.instant import to_local_text
from hub.services.reports.label_book import path_words
from hub.services.tickets.shelf import list_public


async def public_shelf(request: Request) -> Response:
    """Show the shelved tickets of public things; 404 where the site does not publish them."""
    words, ports = chosen(request), ports_of(request)
    if not ports.community.publish_shelved:
        return sorry(request, words, NotFoundError("it is not published", zh="没有公示。"))
    rows = [
        (
            subject_name(each.subject, ports.live),
            path_words(each.place, ports.live.places()),
            to_local_text(each.shelf.review_at)[:10] if each.shelf else "",
            each,
        )
        for each in list_public(ports.live)
    ]
    title = words("ticket.shelved_list")
    return sheet(request, "whistle_shelved.html", words, title=title, rows=rows)


CALLS = (
    Call(
        method="GET",
        path="/w/shelved",
        answer=public_shelf,
        roles=EVERYBODY,
        operation="showPublicShelf",
        about="Shelved tickets of public things, for everybody",
    ),
)
