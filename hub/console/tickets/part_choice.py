"""What of a ticket a leader can take off it, in words, by the name that the step needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.access.web_ports import WebPorts
from hub.console.frame.language import Words
from hub.console.frame.span import day_and_time
from hub.console.live.reading import subject_name
from hub.model.alarm import Alarm
from hub.model.ticket import Ticket
from hub.model.trouble import OTHER, TROUBLE_BY_ID
from hub.model.whistle import Report, Reporter
from hub.services.tickets.cleared import find_cleared

MOST_CLEARED = 10
"""Cleared alarms of a ticket that a leader can choose from; further ones by the API."""


async def part_choices(ports: WebPorts, ticket: Ticket, words: Words) -> dict[str, str]:
    """Return alarms, children and reports that can get a ticket of their own."""
    reports = await ports.whistle.reports_of(ticket.number)
    return {
        **dict(_alarms(ports, ticket, words)),
        **{each.id: _cleared(each, ports, words) for each in await _gone(ports, ticket)},
        **{name: _child(subject_name(name, ports.live), words) for name in ticket.children},
        **dict(_reports(reports, words)),
    }


def _alarms(ports: WebPorts, ticket: Ticket, words: Words) -> Iterator[tuple[str, str]]:
    for alarm in ports.live.open_alarms():
        mine = (alarm.subject, alarm.rule) == (ticket.subject, ticket.rule)
        is_other = ticket.source != "device" or not mine
        if alarm.ticket == ticket.number and is_other and alarm.subject not in ticket.children:
            where, what = subject_name(alarm.subject, ports.live), words.of(alarm.name)
            yield alarm.id, words("split.alarm", where=where, what=what)


async def _gone(ports: WebPorts, ticket: Ticket) -> list[Alarm]:
    """Return the newest cleared alarms of a ticket that it is not itself about."""
    open_ones = {alarm.id for alarm in ports.live.open_alarms()}
    names = [name for name in ticket.alarms if name not in open_ones][-MOST_CLEARED:]
    found = [await find_cleared(ports.books, name) for name in names]
    return [
        each
        for each in found
        if each
        and (
            ticket.source != "device" or (each.subject, each.rule) != (ticket.subject, ticket.rule)
        )
    ]


def _cleared(alarm: Alarm, ports: WebPorts, words: Words) -> str:
    where, what = subject_name(alarm.subject, ports.live), words.of(alarm.name)
    return words("split.cleared", where=where, what=what)


def _child(name: str, words: Words) -> str:
    return words("split.child", where=name)


def _reports(reports: Sequence[tuple[Report, Reporter]], words: Words) -> Iterator[tuple[str, str]]:
    for report, _ in reports:
        if report.joined:
            trouble = TROUBLE_BY_ID.get(report.category)
            named = trouble is not None and trouble.id != OTHER
            what = words.of(trouble.texts) if trouble and named else words("report.same")
            source = words(f"report.{report.source}")
            at = day_and_time(report.at)
            yield report.id, words("split.report", source=source, what=what, at=at)
