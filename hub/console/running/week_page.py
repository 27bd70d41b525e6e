"""The manager's week (经理周报): one sheet of A4 on which every number leads to its tickets."""

from __future__ import annotations

from fastapi import Request, Response

from hub.access.policy import Call
from hub.console.frame.page import LEADERS, show, visit_of
from hub.console.frame.span import calendar_day
from hub.console.running.figure_page import Week
from hub.console.running.week_sheet import make_sheet
from hub.services.figures.week import DAY, WEEK, week_of


async def week_page(request: Request, week: Week = "") -> Response:
    """Show a week; without a day the present one, on a Monday the one that has ended."""
    visit = await visit_of(request)
    start, end = week_of(week, visit.page.now)
    first = calendar_day(start)
    return show(
        visit,
        "week.html",
        sheet=await make_sheet(visit, start, end, first),
        start=start,
        end=end,
        first=first,
        last=calendar_day(end - DAY),
        earlier=calendar_day(start - WEEK * DAY),
        later=calendar_day(end) if end <= visit.page.now else "",
        under_way=start <= visit.page.now < end,
    )


CALLS = (
    Call(
        method="GET",
        path="/week",
        answer=week_page,
        roles=LEADERS,
        operation="showWeek",
        about="The manager's week on one page",
    ),
)
