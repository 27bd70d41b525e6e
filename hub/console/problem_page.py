"""The page of what is broken in the configuration, and of who and what was not let in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fastapi import Request, Response

from hub.access.policy import Call
from hub.console.page import LEADERS, Visit, show, visit_of
from hub.console.site_page import say
from hub.errors import Problem
from hub.model.device import Device, Lifecycle

LISTED = 50
Problems = Callable[[], Sequence[Problem]]


async def problem_page(request: Request) -> Response:
    """Show configuration problems, newcomers and quarantine; the latter two have no place yet."""
    visit = await visit_of(request)
    problems: Problems = request.state.problems
    whole = not visit.who.scope
    books = visit.ports.books
    return show(
        visit,
        "problems.html",
        problems=[(each, *say(visit.words, each)) for each in problems()],
        newcomers=await books.newcomers(limit=LISTED) if whole else [],
        retired=_retired(visit),
        quarantined=await books.quarantine(limit=LISTED) if whole else [],
    )


def _retired(visit: Visit) -> dict[tuple[str, str], Device]:
    """Return the retired devices by link and address: who speaks as one is a newcomer."""
    devices = (view.device for view in visit.ports.live.devices())
    gone = (device for device in devices if device.state is Lifecycle.RETIRED)
    return {(device.link, device.address): device for device in gone}


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
