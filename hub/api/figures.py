"""Calls about figures of work: each links to the tickets that it is made of."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import Depends, Query, Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.api import shape_of_figures as shape
from hub.api.paging import Instant, instant, page
from hub.api.rights import LEADERS
from hub.api.shape import Page
from hub.api.workbook import write_workbook
from hub.errors import NotFoundError
from hub.model.course import Course
from hub.model.instant import to_rfc3339
from hub.services.figures.figure import (
    DIMENSIONS,
    Book,
    Cell,
    Group,
    View,
    counted,
    open_book,
    summarise,
)

USUAL = 30 * 86_400.0
"""Seconds back from now, where nothing else is asked."""
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _span(start: Instant = "", end: Instant = "") -> tuple[str, str]:
    return start, end


Span = Annotated[tuple[str, str], Depends(_span)]
By = Annotated[str, Query(pattern=f"^({'|'.join(DIMENSIONS)})$", description="told apart by")]


async def list_figures(request: Request, span: Span, by: By = "all") -> Response:
    """Return the figures of the tickets that were opened in a span, the last 30 days otherwise."""
    book = await _book(request, *span)
    return page([_spell(group, by, book) for group in summarise(book, by)], None)


async def list_courses(
    request: Request,
    span: Span,
    figure: Annotated[str, Query(max_length=40)],
    by: By = "all",
    key: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Return the tickets behind one figure, each with its way."""
    book = await _book(request, *span)
    groups = {group.key: group for group in summarise(book, by)}
    cell = groups[key].cells.get(figure) if key in groups else None
    if cell is None:
        raise NotFoundError(
            f"there is no figure {figure!r} of {by} {key!r} in this span; see /api/v1/figures",
            zh=f"这段时间没有这项数字（{figure}）。",
        )
    behind = set(cell.numbers)
    return page([_course(each) for each in book.courses if each.number in behind], None)


async def export_figures(request: Request, span: Span) -> Response:
    """Return the figures by each dimension, and the tickets, as a spreadsheet."""
    book = await _book(request, *span)
    body = await asyncio.to_thread(_workbook, book)
    headers = {"content-disposition": 'attachment; filename="figures.xlsx"'}
    return Response(body, media_type=SHEET, headers=headers)


def _workbook(book: Book) -> bytes:
    groups = {dimension: summarise(book, dimension) for dimension in DIMENSIONS}
    return write_workbook(groups, counted(book.courses, book.start, book.end))


async def _book(request: Request, start: str, end: str) -> Book:
    ports, who = ports_of(request), await identity_of(request)
    now = ports.clock.now()
    until = instant(end, "end", now)
    view = View(
        who=who,
        start=instant(start, "start", until - USUAL),
        end=until,
        now=now,
        test=ports.community.test,
    )
    courses, faults = await ports.courses.read_on()
    return open_book(courses, faults, (each.device for each in ports.live.devices()), view)


def _spell(group: Group, by: str, book: Book) -> dict[str, Any]:
    asked = {"by": by, "key": group.key, "start": book.start, "end": book.end}
    cells = {name: _cell(cell, {**asked, "figure": name}) for name, cell in group.cells.items()}
    return {"key": group.key, "cells": cells}


def _cell(cell: Cell, asked: dict[str, Any]) -> dict[str, Any]:
    rows = f"/api/v1/figures/tickets?{urlencode(asked)}" if cell.numbers else ""
    return {"value": cell.value, "tickets": len(cell.numbers), "rows": rows}


def _course(course: Course) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(course)
    times = {name: to_rfc3339(body[name]) for name in body if name.endswith(("_at", "_by"))}
    return {**body, **times}


CALLS = (
    Call(
        method="GET",
        path="/figures",
        answer=list_figures,
        roles=LEADERS,
        operation="listFigures",
        about="Figures of work by class, team, trade, place, model, vendor or rule",
        shows=Page[shape.Group],
    ),
    Call(
        method="GET",
        path="/figures/tickets",
        answer=list_courses,
        roles=LEADERS,
        operation="listFigureTickets",
        about="The tickets behind one figure",
        shows=Page[shape.Course],
        problems=(404,),
    ),
    Call(
        method="GET",
        path="/figures/workbook",
        answer=export_figures,
        roles=LEADERS,
        operation="exportFigures",
        about="The figures as a spreadsheet (XLSX)",
        shows=str,
        media=SHEET,
    ),
)
