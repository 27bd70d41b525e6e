"""The page of labels: QR codes of a part of the site, three by eight on sheets of A4."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.http import ports_of
from hub.access.policy import Call
from hub.console.devices.window_page import place_choices
from hub.console.frame.page import LEADERS, show, visit_of
from hub.services.reports.label_sheet import ACROSS, DOWN, label_sheets

MOST_SHEETS = 50
"""Sheets on one page: a browser prints them in a minute."""


async def label_page(request: Request, place: str = "") -> Response:
    """Show the choice of a place; with one its sheets, ready to print."""
    visit, ports = await visit_of(request), ports_of(request)
    choices = place_choices(ports.live, visit.who)
    url = ports.community.public_url or str(request.base_url).rstrip("/")
    may = place in dict(choices)
    labels = ports.whistle.labels_at(place) if may else ()
    printed = labels[: MOST_SHEETS * ACROSS * DOWN]
    return show(
        visit,
        "labels.html",
        choices=choices,
        place=place if may else "",
        sheets=label_sheets(printed, url, ports.community.name),
        count=len(printed),
        left_out=len(labels) - len(printed),
        has_address=bool(ports.community.public_url),
        url=url,
    )


CALLS = (
    Call(
        method="GET",
        path="/labels",
        answer=label_page,
        roles=LEADERS,
        operation="showLabels",
        about="QR labels to print",
    ),
)
