"""Paints who has reported a ticket, and its photos: for those who handle it."""

from __future__ import annotations

import msgspec

from hub.access.web_ports import WebPorts
from hub.console.frame.language import Words
from hub.console.frame.page import LEADERS, STAFF
from hub.console.frame.span import day_and_time, left
from hub.console.frame.story import actor_name
from hub.console.frame.template import paint
from hub.model.access import Identity
from hub.model.photo import Moment, Photo
from hub.model.ticket import Ticket
from hub.model.trouble import TROUBLE_BY_ID
from hub.model.whistle import Report, Reporter, Source

SHOWN_DIGITS = 4


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One report in words; `phone` is masked unless somebody has asked for it."""

    id: str
    source: str
    what: str
    at: str
    actor: str
    text: str
    caller: str
    phone: str
    is_masked: bool
    case: list[str]


class PhotoRow(msgspec.Struct, frozen=True, kw_only=True):
    """One photo."""

    id: str
    moment: str
    at: str
    actor: str
    width: int
    height: int


async def people_part(
    ports: WebPorts, ticket: Ticket, who: Identity, words: Words, *, csrf: str, asked: str = ""
) -> str:
    """Return the part of a page; `asked` is the id of the report whose phone was asked for."""
    found = await ports.whistle.reports_of(ticket.number)
    now = ports.clock.now()
    return paint(
        "part_people.html",
        words,
        number=ticket.number,
        reports=[_report(*each, words, now=now, open_=each[0].id == asked) for each in found],
        count=await ports.whistle.count_of(ticket.number),
        photos=[_photo(each, words) for each in ports.photos.photos(ticket.number)],
        moments=(Moment.BEFORE, Moment.AFTER),
        csrf=csrf,
        may_call=who.role in STAFF,
        may_remove=who.role in LEADERS,
        halves=halves(ticket),
    )


def halves(ticket: Ticket) -> list[str]:
    """Return the numbers of the other halves of a ticket that was taken apart."""
    return [*([ticket.split_from] if ticket.split_from else []), *ticket.split_off]


def mask(phone: str) -> str:
    """Write a phone number with its last digits only."""
    return f"…{phone[-SHOWN_DIGITS:]}" if phone else ""


def _report(
    report: Report, reporter: Reporter, words: Words, *, now: float, open_: bool
) -> ReportRow:
    trouble = TROUBLE_BY_ID.get(report.category)
    named = words.of(trouble.texts) if trouble else report.category
    return ReportRow(
        id=report.id,
        source=words(f"report.{report.source}"),
        what=words("report.same") if report.source is Source.RESIDENT and report.joined else named,
        at=day_and_time(report.at),
        actor=actor_name(report.actor, words),
        text=reporter.text,
        caller=reporter.caller,
        phone=reporter.phone if open_ else mask(reporter.phone),
        is_masked=bool(reporter.phone) and not open_,
        case=_case(report, words, now),
    )


def _case(report: Report, words: Words, now: float) -> list[str]:
    """Write what 12345 wants, and until when."""
    if report.hotline is None:
        return []
    limits = {"sign_by": report.hotline.sign_by, "handle_by": report.hotline.handle_by}
    return [
        words("report.case", number=report.hotline.number),
        *(
            f"{words(f'report.{name}')} {day_and_time(at)} {left(at, now, words)}"
            for name, at in limits.items()
            if at is not None
        ),
    ]


def _photo(photo: Photo, words: Words) -> PhotoRow:
    return PhotoRow(
        id=photo.id,
        moment=words(f"photo.{photo.moment}"),
        at=day_and_time(photo.done_at or photo.at),
        actor=actor_name(photo.actor, words),
        width=photo.width,
        height=photo.height,
    )
