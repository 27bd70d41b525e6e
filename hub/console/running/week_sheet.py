"""What stands on a manager's week: decisions that wait, and the figures of the week."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.console.frame.bar import share_bar
from hub.console.frame.naming import device_name
from hub.console.frame.page import Visit
from hub.console.frame.span import left
from hub.console.live.reading import METERS, subject_name
from hub.console.running.figure_page import read_book
from hub.console.running.week_health import tell_health
from hub.console.running.week_row import (
    Number,
    WeekRow,
    figure_text,
    make_number,
    make_row,
    make_rows,
)
from hub.console.tickets.limit import limits
from hub.model.agenda import Matter, MatterKind
from hub.model.discretion import is_secret, secret_tickets
from hub.model.ticket import Ticket
from hub.services.figures.figure import Group, summarise
from hub.services.figures.week import DAY, WEEK, cell_of, worst, wrong_rules

LONG_LIST = 12
"""Rows of a list of decisions; what is left out is counted."""
MONTH = 30


class OverdueRow(msgspec.Struct, frozen=True, kw_only=True):
    """An open ticket whose limit has passed."""

    number: str
    where: str
    title: str
    limit: str
    over: str
    holder: str


class AgainRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that has come back again and again."""

    where: str
    page: str
    title: str
    why: str
    last: str


class WeekSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The whole week, in words; `sentence` says it in one."""

    sentence: str
    overdue: tuple[OverdueRow, ...]
    overdue_more: int
    again: tuple[AgainRow, ...]
    classes: tuple[WeekRow, ...]
    devices: tuple[WeekRow, ...]
    teams: tuple[WeekRow, ...]
    rules: tuple[WeekRow, ...]
    meters: tuple[WeekRow, ...]
    trying: tuple[WeekRow, ...]
    accepted: int
    health: tuple[tuple[str, str], ...]


async def make_sheet(visit: Visit, start: float, end: float, week: str) -> WeekSheet:
    """Collect the week from `start` to `end` for who looks; `week` is how links name it."""
    book = await read_book(visit, start, end)
    before = await read_book(visit, start - WEEK * DAY, start)
    month = await read_book(visit, end - MONTH * DAY, end)
    devices = summarise(book, "device")
    overdue = _overdue(visit)
    trying, accepted = _commissioning(visit, start, end)
    return WeekSheet(
        sentence=_sentence(visit, next(iter(summarise(book, "all")), None), devices),
        overdue=tuple(overdue[:LONG_LIST]),
        overdue_more=max(len(overdue) - LONG_LIST, 0),
        again=tuple(_again(visit, each) for each in await _repeated(visit)),
        classes=_classes(visit, summarise(book, "class"), summarise(before, "class"), week),
        devices=make_rows(visit, worst(devices, "down", "tickets"), "device", week, DEVICE_COLUMNS),
        teams=make_rows(visit, summarise(book, "team"), "team", week, TEAM_COLUMNS),
        rules=await _wrong(visit, summarise(month, "rule"), week),
        meters=make_rows(visit, worst(_meters(visit, devices), "tickets"), "device", week, TICKETS),
        trying=trying,
        accepted=accepted,
        health=await tell_health(visit, start, min(end, visit.page.now)),
    )


TICKETS = ("tickets",)
DEVICE_COLUMNS = ("down", "tickets")
TEAM_COLUMNS = ("tickets", "open", "late", "on_time", "responded")


def _sentence(visit: Visit, whole: Group | None, devices: Sequence[Group]) -> str:
    if whole is None:
        return visit.words("week.quiet")
    n, kept, late = (int(cell_of(whole, each).value or 0) for each in ("tickets", "kept", "late"))
    said = visit.words("week.sentence", n=n, kept=kept, late=late, rest=n - kept - late)
    most = worst(devices, "tickets")
    if most and (times := cell_of(most[0], "tickets").value or 0) > 1:
        name = subject_name(most[0].key, visit.ports.live)
        said += visit.words("week.most", device=name, n=int(times))
    return said


def _overdue(visit: Visit) -> list[OverdueRow]:
    """List what is late now, whenever it was opened; what is longest over comes first."""
    live, now, who = visit.ports.live, visit.page.now, visit.who
    secret = secret_tickets(live.open_alarms())
    found = []
    for ticket in live.open_tickets():
        shown = who.may_see(ticket.place) and not is_secret(ticket, secret)
        if shown and not ticket.folded_into:
            passed = [each for each in limits(ticket, now) if each.until < now]
            found += [(min(each.until for each in passed), ticket)] if passed else []
    return [_late(visit, ticket) for _, ticket in sorted(found, key=lambda each: each[0])]


def _late(visit: Visit, ticket: Ticket) -> OverdueRow:
    now, words = visit.page.now, visit.words
    first = min(limits(ticket, now), key=lambda each: each.until)
    return OverdueRow(
        number=ticket.number,
        where=subject_name(ticket.subject, visit.ports.live),
        title=words.of(ticket.title),
        limit=words(first.name),
        over=left(first.until, now, words),
        holder=ticket.holder or words("week.nobody"),
    )


async def _repeated(visit: Visit) -> list[Matter]:
    matters = await visit.ports.agenda.agenda(visit.who)
    found = [each for each in matters if each.kind is MatterKind.REPEATED]
    return sorted(found, key=lambda each: -len(each.tickets))[:LONG_LIST]


def _again(visit: Visit, matter: Matter) -> AgainRow:
    live, words = visit.ports.live, visit.words
    return AgainRow(
        where=subject_name(matter.subject, live),
        page=f"/devices/{matter.subject}" if live.device(matter.subject) else "",
        title=words.of(matter.title),
        why=words.of(matter.why),
        last=matter.tickets[-1],
    )


def _classes(
    visit: Visit, now: Sequence[Group], before: Sequence[Group], week: str
) -> tuple[WeekRow, ...]:
    was = {group.key: cell_of(group, "on_time").value for group in before}
    rows = []
    for group in now:
        share = cell_of(group, "on_time").value
        row = make_row(visit, group, "class", week, ("on_time", "tickets", "late"))
        past = figure_text(visit, "on_time", was.get(group.key))
        numbers = (row.numbers[0], Number(text=past), *row.numbers[1:])
        bar = share_bar(share, was.get(group.key))
        rows.append(msgspec.structs.replace(row, numbers=numbers, bar=bar))
    return tuple(rows)


async def _wrong(visit: Visit, groups: Sequence[Group], week: str) -> tuple[WeekRow, ...]:
    """List the rules that were wrong most often in the month up to the week's end."""
    wrong = wrong_rules(groups)
    if not wrong:
        return ()
    names = {card.id: visit.words.of(card.name) for card in await visit.ports.rules.cards()}
    rows = []
    for group, times in wrong:
        cell = cell_of(group, "false_alarms")
        asked = {"by": "rule", "key": group.key, "days": MONTH, "week": week}
        share = make_number(visit, "false_alarms", cell, asked)
        count = visit.words("week.of", n=times, all=len(cell.numbers))
        rows.append(
            WeekRow(
                name=names.get(group.key, group.key),
                numbers=(share, Number(text=count)),
                page=f"/rules/{group.key}" if group.key in names else "",
            )
        )
    return tuple(rows)


def _meters(visit: Visit, groups: Sequence[Group]) -> list[Group]:
    live = visit.ports.live
    views = ((group, live.device(group.key)) for group in groups)
    return [group for group, view in views if view is not None and view.device.kind in METERS]


def _commissioning(visit: Visit, start: float, end: float) -> tuple[tuple[WeekRow, ...], int]:
    """Return the devices that are being tried, and how many were accepted in the week."""
    live, rows, accepted = visit.ports.live, [], 0
    for each in visit.ports.commission.sheets(visit.who):
        signed = each.sheet.signature
        accepted += signed is not None and start <= signed.at < end
        if each.sheet.ended_at is not None:
            continue
        view, done = live.device(each.sheet.device), len(each.lines) - each.missing
        progress = visit.words("week.tried", n=done, all=len(each.lines))
        rows.append(
            WeekRow(
                name=device_name(view.device) if view else each.sheet.device,
                numbers=(Number(text=progress),),
                bar=share_bar(done / len(each.lines) if each.lines else None, None),
                page=f"/devices/{each.sheet.device}/acceptance",
            )
        )
    return tuple(rows[:LONG_LIST]), accepted
