"""Every page that people see, by the path of its route: who looks at it, and on what.

A route that shows a page and is not here fails `test_each_screen.py`.
"""

from __future__ import annotations

import msgspec

from hub.model.access import Role

PHONE, TABLET, DESK, WALL = (390, 844), (768, 1024), (1400, 844), (1920, 1080)
"""Pixels of CSS, width and height."""
SIZES = (PHONE, TABLET, DESK, WALL)
NAMES = {
    Role.GUARD: "王师傅",
    Role.CREW: "李师傅",
    Role.GRID_WORKER: "周网格",
    Role.MANAGER: "陈经理",
    Role.ADMINISTRATOR: "管理员",
    Role.DEPARTMENT: "供电所",
}


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """One page in its main size; without a `role` a stranger looks. `query` fills a page."""

    path: str
    name: str
    role: Role | None = None
    size: tuple[int, int] = DESK
    query: str = ""
    status: int = 200


def _of(role: Role | None, size: tuple[int, int], **pages: str) -> tuple[Screen, ...]:
    """Name the screens of one kind of people: picture's name → path and query."""
    split = ((name.replace("_", "-"), *path.partition("?")[::2]) for name, path in pages.items())
    return tuple(
        Screen(path=path, name=name, role=role, size=size, query=query)
        for name, path, query in split
    )


SCREENS = (
    Screen(path="/wall", name="wall", role=Role.GUARD, size=WALL),
    *_of(
        Role.GUARD,
        DESK,
        device="/devices/{device_id}",
        opening="/devices/{device_id}/open",
        command="/commands/{command_id}",
        handovers="/handovers",
        handover="/handovers/{handover}",
        find="/find?q=gate",
    ),
    *_of(
        Role.CREW,
        PHONE,
        tickets="/tickets",
        ticket="/tickets/{number}",
        people_of_ticket="/tickets/{number}/people",
        shelved="/shelved",
        more="/more",
        account="/account",
    ),
    *_of(
        Role.GRID_WORKER,
        PHONE,
        hotline="/hotline",
        inspections="/inspections",
        round="/rounds/{walk}",
        stop="/rounds/{walk}/stops/{stop}",
        project="/projects/{project}",
        survey="/surveys/{survey}",
    ),
    *_of(Role.DEPARTMENT, PHONE, department="/department", department_case="/department/{number}"),
    *_of(
        Role.MANAGER,
        DESK,
        acceptance="/devices/{device_id}/acceptance",
        acceptances="/acceptances",
        agenda="/agenda",
        bells="/bells",
        cases="/tickets/{number}/cases",
        departments="/departments",
        figure_rows="/figures/tickets?figure=tickets&by=all",
        figures="/figures?by=rule",
        hold="/devices/{device_id}/hold",
        inspection="/inspections/{inspection}",
        labels="/labels?place=guanshan/a/b1/u1",
        meeting="/meetings/{meeting}",
        newcomers="/newcomers",
        notice="/windows/{window}/notice",
        problems="/problems",
        projects="/projects",
        rosters="/rosters",
        scorecard="/scorecard",
        rules="/rules",
        rule="/rules/{rule}",
        parameters="/rules/{rule}/parameters",
        surveys="/surveys",
        week="/week",
        windows="/windows",
    ),
    *_of(
        Role.ADMINISTRATOR,
        DESK,
        keys="/settings/keys",
        people="/settings/people",
        person="/settings/people/{person}",
        receivers="/settings/receivers",
        site="/site",
        hardware="/site/devices/{device_id}",
    ),
    *_of(
        None,
        PHONE,
        password="/sign-in/password",
        progress="/w/progress",
        published="/w/published",
        shelved_of_all="/w/shelved",
        sign_in="/sign-in",
        trust="/trust",
        whistle="/w/{code}",
    ),
    Screen(path="/nothing/here", name="error", size=PHONE, status=404),
)
NO_PAGES = frozenset(
    {
        "/",
        "/ca.crt",
        "/sign-in/provider",
        "/sign-in/provider/return",
        "/worker.js",
        "/healthz",
        "/metrics",
        "/readyz",
        "/console/stream",
        "/tickets/{number}/photos/{photo}",
        "/w/published/{project}/{photo}",
    }
)
"""Turnstiles, what programs read, a stream, and pictures."""
