"""Calls about departments: how much work each has, and how long its steps took."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call
from hub.api.paging import json_response
from hub.api.rights import LEADERS
from hub.api.shape import Page, Shape
from hub.services.incidents.department import DepartmentFigures, department_names, figures_of


class StepFigures(Shape):
    """How often a limit was kept and missed; `seconds` is the mean time, null without any."""

    kept: int
    missed: int
    seconds: float | None


class Department(Shape):
    """A department's work: how many cases it was given, has at work, and has late by now."""

    department: str
    given: int
    open: int
    late: int
    sign: StepFigures
    arrive: StepFigures
    feed_back: StepFigures


async def list_departments(request: Request) -> Response:
    """List departments with their work in the asker's part of the community."""
    ports, who = ports_of(request), await identity_of(request)
    people = await ports.gatekeeper.people.all()
    known = {each.name: each.identity() for each in people if not each.disabled}
    tickets = ports.books.ticket
    items = []
    for name in department_names(known):
        cases = [
            case
            for case in ports.cases.of_receiver(name)
            if (ticket := await tickets(case.incident)) and who.may_see(ticket.place)
        ]
        items.append(_describe(figures_of(name, cases, ports.clock.now())))
    return json_response({"items": items, "next": None})


def _describe(found: DepartmentFigures) -> dict[str, Any]:
    steps = {
        name: {
            "kept": found.kept[name],
            "missed": found.missed[name],
            "seconds": found.seconds[name],
        }
        for name in ("sign", "arrive", "feed_back")
    }
    counts = {name: getattr(found, name) for name in ("department", "given", "open", "late")}
    return counts | steps


CALLS = (
    Call(
        method="GET",
        path="/departments",
        answer=list_departments,
        roles=LEADERS,
        operation="listDepartments",
        about="Departments' work, and how long its steps took",
        shows=Page[Department],
    ),
)
