"""The page of figures of work: how much was done in time, how long it took, what was no fault."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from fastapi import Depends, Query, Request, Response

from hub.access.policy import Call
from hub.console.frame.naming import place_name
from hub.console.frame.page import LEADERS, Visit, show, visit_of
from hub.console.frame.span import day_and_time, span
from hub.console.live.reading import subject_name
from hub.errors import NotFoundError
from hub.model.course import Course
from hub.services.figures.figure import DIMENSIONS, Book, Cell, Group, View, open_book, summarise
from hub.services.figures.week import week_of

DAY = 86_400.0
SPANS = (7, 30, 90, 365)
USUAL = 30
SHARES = frozenset(
    {"on_time", "on_time_without_extension", "responded", "solved", "satisfied", "false_alarms"}
)
TIMES = frozenset({"to_take", "to_arrive", "to_repair", "mttr", "mtbf", "down"})
COLUMNS = (
    *("tickets", "open", "late", "on_time", "on_time_without_extension", "shelved", "raised"),
    *("responded", "solved", "satisfied"),
    *("to_take", "to_arrive", "to_repair", "mttr", "false_alarms"),
)
OF_FLEET = ("devices", "down", "mtbf")

By = Annotated[str, Query(pattern=f"^({'|'.join(DIMENSIONS)})$")]
Days = Annotated[int, Query(ge=1, le=400)]
Week = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
"""A day of the week with whose end the days end; empty where they end now."""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as it is read; `rows` is the page of its tickets, empty where there are none."""

    column: str
    text: str
    rows: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a table."""

    name: str
    boxes: list[Box]


class CourseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket behind a figure."""

    number: str
    where: str
    title: str
    state: str
    opened: str
    finished: str
    by: str


async def figure_page(request: Request, by: By = "class", days: Days = USUAL) -> Response:
    """Show the figures of the tickets that were opened in the last `days`."""
    visit = await visit_of(request)
    now = visit.page.now
    groups = summarise(await read_book(visit, now - days * DAY, now), by)
    has_fleet = any("devices" in group.cells for group in groups)
    columns = COLUMNS + (OF_FLEET if has_fleet else ())
    return show(
        visit,
        "figures.html",
        lines=[_line(group, columns, by, days, visit) for group in groups],
        columns=columns,
        dimensions=DIMENSIONS,
        spans=SPANS,
        by=by,
        days=days,
        start=now - days * DAY,
    )


def _span(days: Days = USUAL, week: Week = "") -> tuple[int, str]:
    return days, week


Span = Annotated[tuple[int, str], Depends(_span)]


async def figure_rows_page(
    request: Request,
    figure: Annotated[str, Query(max_length=40)],
    days_and_week: Span,
    by: By = "class",
    key: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show the tickets behind one figure, of the last days or of those up to a week's end."""
    visit, (days, week) = await visit_of(request), days_and_week
    end = week_of(week, visit.page.now)[1] if week else visit.page.now
    book = await read_book(visit, end - days * DAY, end)
    groups = {group.key: group for group in summarise(book, by)}
    if key not in groups or figure not in groups[key].cells:
        raise NotFoundError(f"there is no figure {figure!r} of {key!r}", zh="没有这项数字。")
    behind = set(groups[key].cells[figure].numbers)
    return show(
        visit,
        "figure_rows.html",
        rows=[_course(each, visit) for each in book.courses if each.number in behind],
        figure=figure,
        name=group_name(by, key, visit),
        back=f"/week?week={week}" if week else f"/figures?{urlencode({'by': by, 'days': days})}",
    )


async def read_book(visit: Visit, start: float, end: float) -> Book:
    """Read what the figures of a span are made of, for who looks."""
    ports, now = visit.ports, visit.page.now
    view = View(who=visit.who, start=start, end=end, now=now, test=ports.community.test)
    courses, faults = await ports.courses.read_on()
    return open_book(courses, faults, (each.device for each in ports.live.devices()), view)


def _line(group: Group, columns: tuple[str, ...], by: str, days: int, visit: Visit) -> Line:
    asked = {"by": by, "key": group.key, "days": days}
    boxes = [_box(column, group.cells.get(column), asked, visit) for column in columns]
    return Line(name=group_name(by, group.key, visit), boxes=boxes)


def _box(column: str, cell: Cell | None, asked: dict[str, object], visit: Visit) -> Box:
    if cell is None or cell.value is None:
        return Box(column=column, text="–", rows="")
    rows = f"/figures/tickets?{urlencode({**asked, 'figure': column})}" if cell.numbers else ""
    return Box(column=column, text=_text(column, cell.value, visit), rows=rows)


def _text(column: str, value: float, visit: Visit) -> str:
    if column in SHARES:
        return f"{value:.0%}"
    return span(value, visit.words) if column in TIMES else f"{value:.0f}"


def group_name(by: str, key: str, visit: Visit) -> str:
    """Return what people call a group of a dimension."""
    if not key:
        return visit.words("figure.whole" if by == "all" else "figure.none")
    if by == "device":
        return subject_name(key, visit.ports.live)
    if by == "place":
        return place_name(key, visit.ports.live.places())
    if by == "team":
        titles = {each.name: visit.words.of(each.title) for each in visit.ports.rosters.rosters()}
        return titles.get(key, key)
    return visit.words.name(by, key) if by == "class" else key


def _course(course: Course, visit: Visit) -> CourseRow:
    return CourseRow(
        number=course.number,
        where=subject_name(course.subject, visit.ports.live),
        title=visit.words.of(course.title),
        state=course.state,
        opened=day_and_time(course.opened_at),
        finished=_instant(course.completed_at),
        by=_instant(course.finish_by),
    )


def _instant(at: float | None) -> str:
    return "–" if at is None else day_and_time(at)


CALLS = (
    Call(
        method="GET",
        path="/figures",
        answer=figure_page,
        roles=LEADERS,
        operation="showFigures",
        about="Figures of work",
    ),
    Call(
        method="GET",
        path="/figures/tickets",
        answer=figure_rows_page,
        roles=LEADERS,
        operation="showFigureTickets",
        about="The tickets behind one figure",
    ),
)
