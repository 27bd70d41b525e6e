"""The page of what is broken in the configuration, and of who and what was not let in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import Request, Response

from hub.access.policy import Call
from hub.console.frame.page import LEADERS, show, visit_of
from hub.console.running.site_page import say
from hub.errors import Problem

LISTED = 50
Problems = Callable[[], Sequence[Problem]]


async def problem_page(request: Request) -> Response:
    """Show configuration problems, how many newcomers there are, and quarantine."""
    visit = await visit_of(request)
    problems: Problems = request.state.problems
    whole = not visit.who.scope
    books = visit.ports.books
    return show(
        visit,
        "problems.html",
        problems=[(each, *say(visit.words, each)) for each in problems()],
        newcomers=await books.newcomers(limit=LISTED) if whole else [],
        quarantined=await books.quarantine(limit=LISTED) if whole else [],
    )


CALLS = (
    Call(
        method="GET",
        path="/problems",
        answer=problem_page,
        roles=LEADERS,
        operation="showProblems",
        about="Configuration problems, newcomers and quarantine",
    ),
)
