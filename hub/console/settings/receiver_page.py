"""Settings: who has the feed, by which way, and whether it gets there."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.policy import Call
from hub.console.frame.page import ADMINISTRATORS, show, visit_of
from hub.ports.receiver import Outlets

WORST = ("fails", "no_key", "works", "unused")


async def receivers_page(request: Request) -> Response:
    """List the ways out, those that fail first."""
    visit = await visit_of(request)
    outlets: Outlets = request.state.outlets
    rows = sorted(outlets(visit.who), key=lambda each: (WORST.index(each.state), each.receiver))
    return show(visit, "receivers.html", rows=rows)


CALLS = (
    Call(
        method="GET",
        path="/settings/receivers",
        answer=receivers_page,
        roles=ADMINISTRATORS,
        operation="showReceivers",
        about="Who has the feed, and whether it gets there",
    ),
)
