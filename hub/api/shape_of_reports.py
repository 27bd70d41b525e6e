"""What answers about reports and photos look like; see `hub/api/shape.py`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hub.api.shape import Both, Moment, Shape
from hub.model.photo import Moment as When
from hub.model.ticket import TicketState
from hub.model.whistle import Source

Jpeg = Annotated[str, Meta(extra_json_schema={"format": "binary"})]


class Receipt(Shape):
    """What became of a report; with number and query code its progress can be seen."""

    ticket: str
    joined: bool
    count: int
    query_code: str


class Offer(Shape):
    """An open ticket that a report may mean."""

    number: str
    title: Both
    state: TicketState
    subject: str
    place: str
    opened_at: Moment


class Case(Shape):
    """A case of 12345."""

    number: str
    sign_by: Moment | None
    handle_by: Moment | None


class Report(Shape):
    """One report; words and phone are empty once their time is over."""

    id: str
    source: Source
    category: str
    at: Moment
    joined: bool
    actor: str
    text: str
    phone_ends: str
    hotline: Case | None


class Photo(Shape):
    """One photo; its picture is a call of its own."""

    id: str
    moment: When
    actor: str
    at: Moment
    done_at: Moment | None
    size: int
    width: int
    height: int
