"""Calls about reports of people: filed by staff's programs, and what a ticket has of them."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import HEADER, once
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.api import shape_of_reports as shape
from hub.api.paging import instant, json_response, page
from hub.api.rights import STAFF, TICKET_READERS, visible_ticket
from hub.api.shape import Page
from hub.errors import InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.instant import to_rfc3339
from hub.model.ticket import Ticket
from hub.model.whistle import Hotline, Report, Reporter, Source, Target
from hub.ports.whistle import Said

BY_STAFF = frozenset({Source.HOTLINE, Source.INSPECTION, Source.GRID})


class CaseBody(msgspec.Struct, frozen=True, kw_only=True):
    """A case of 12345: its number, and until when it is signed for and handled."""

    number: str
    sign_by: str = ""
    handle_by: str = ""


class ReportBody(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody was told, or has seen, of a device or a place.

    `join` is the ticket that is meant, `apart` says that no known one is. `planned` is the day
    (`2026-12-05`) for which a leader plans the work; a ticket that is joined keeps its own.
    """

    source: Source
    category: str = ""
    device: str = ""
    place: str = ""
    text: str = ""
    caller: str = ""
    phone: str = ""
    hotline: CaseBody | None = None
    join: str = ""
    apart: bool = False
    planned: str = ""


async def file_report(request: Request) -> Response:
    """File a report; it opens a ticket, or joins the one that is known."""
    body = read_struct(await request.body(), ReportBody)
    ports, who = ports_of(request), await identity_of(request)
    said = _said(body, _target(ports, who, body.device or body.place), request)

    async def act() -> Response:
        receipt = await ports.whistle.file_for(said, who)
        report = receipt.filed.report
        answer = {
            "ticket": report.ticket,
            "joined": report.joined,
            "count": receipt.filed.count,
            "query_code": receipt.code,
        }
        return json_response(answer, 201)

    return await once(request, who, act)


async def list_offers(
    request: Request,
    subject: Annotated[str, Query(max_length=200)],
    category: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """List the open tickets that a report about this thing may mean, likely ones first."""
    ports, who = ports_of(request), await identity_of(request)
    found = ports.whistle.offered(_target(ports, who, subject), category)
    return page([_offer(each) for each in found], None)


async def list_reports(request: Request, number: str) -> Response:
    """List the newest reports of a ticket; of a phone number its last digits only."""
    ports, who = ports_of(request), await identity_of(request)
    await visible_ticket(ports, who, number)
    found = await ports.whistle.reports_of(number)
    return page([_spell(report, reporter) for report, reporter in found], None)


def _target(ports: WebPorts, who: Identity, subject: str) -> Target:
    target = ports.whistle.find_subject(subject)
    if target is None or not who.may_see(target.place):
        raise NotFoundError(f"没有设备或位置 {subject}。 There is no device or place {subject!r}.")
    return target


def _said(body: ReportBody, target: Target, request: Request) -> Said:
    if body.source not in BY_STAFF:
        raise InvalidRequestError(
            "A resident reports from a label; send hotline, inspection or grid.",
            problems={"source": "one of hotline, inspection, grid"},
        )
    return Said(
        key=request.headers.get(HEADER, "") or secrets.token_hex(16),
        source=body.source,
        category=body.category,
        target=target,
        reporter=Reporter(caller=body.caller, phone=body.phone, text=body.text),
        hotline=_case(body.hotline),
        join=body.join,
        apart=body.apart,
        planned=body.planned,
    )


def _case(body: CaseBody | None) -> Hotline | None:
    if body is None:
        return None
    return Hotline(
        number=body.number,
        sign_by=instant(body.sign_by, "sign_by", 0.0) or None,
        handle_by=instant(body.handle_by, "handle_by", 0.0) or None,
    )


def _offer(ticket: Ticket) -> dict[str, object]:
    return {
        "number": ticket.number,
        "title": ticket.title,
        "state": ticket.state,
        "subject": ticket.subject,
        "place": ticket.place,
        "opened_at": to_rfc3339(ticket.opened_at),
    }


def _spell(report: Report, reporter: Reporter) -> dict[str, object]:
    case = report.hotline
    return {
        "id": report.id,
        "source": report.source,
        "category": report.category,
        "at": to_rfc3339(report.at),
        "joined": report.joined,
        "actor": report.actor,
        "text": reporter.text,
        "phone_ends": reporter.phone[-4:],
        "hotline": case
        and {
            "number": case.number,
            "sign_by": to_rfc3339(case.sign_by),
            "handle_by": to_rfc3339(case.handle_by),
        },
    }


CALLS = (
    Call(
        method="POST",
        path="/reports",
        answer=file_report,
        roles=STAFF,
        operation="fileReport",
        about="File a call, a finding or what a grid worker has seen",
        body=ReportBody,
        shows=shape.Receipt,
        statuses=(201,),
        problems=(404,),
    ),
    Call(
        method="GET",
        path="/reports/offers",
        answer=list_offers,
        roles=STAFF,
        operation="listOffers",
        about="Open tickets that a report may mean",
        shows=Page[shape.Offer],
        problems=(404,),
    ),
    Call(
        method="GET",
        path="/tickets/{number}/reports",
        answer=list_reports,
        roles=TICKET_READERS,
        operation="listReports",
        about="Who has reported a ticket",
        shows=Page[shape.Report],
    ),
)
