"""Pages `/` and `/wall`, and the stream that keeps every live page alive."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import identity_of
from hub.access.policy import Call
from hub.console.frame.page import ONLOOKERS, WATCHERS, chosen_language, show, visit_of
from hub.console.live.channel import Channel
from hub.console.live.stream import Viewer, stream, version_of
from hub.console.live.studio import Studio
from hub.console.live.wall import density, groups
from hub.errors import ForbiddenError, NotFoundError
from hub.model.access import Identity, Role

HOMES = {Role.GUARD: "/wall", Role.DEPARTMENT: "/department"}
"""Where a role begins; everybody else at the tickets."""
OF_TICKETS = frozenset({"ticket", "tickets"})
"""Live pages that a department can have, of tickets that it holds, or a building head."""
OF_TICKETS_ALONE = frozenset({Role.DEPARTMENT, Role.BUILDING_HEAD})


def studio_of(request: Request) -> Studio:
    """Return the studio of the router that answers."""
    studio: Studio = request.state.studio
    return studio


async def home(request: Request) -> Response:
    """Lead a guard to the wall, a department to its work, and everybody else to the tickets."""
    who = await identity_of(request)
    return RedirectResponse(HOMES.get(who.role, "/tickets"), 303)


async def wall(request: Request) -> Response:
    """Show the guard wall."""
    who, studio = await identity_of(request), studio_of(request)
    channel = studio.wall(who, chosen_language(request))
    parts = await channel.refresh(fresh=True)
    visit = await visit_of(request, f"of=wall&v={studio.seal}.{channel.version}")
    cells = [cell for cell in (await studio.look()).cells if who.may_see(cell.place)]
    return show(
        visit,
        "wall.html",
        theme="dark",
        parts=parts,
        groups=groups(cells),
        density=density(len(cells)),
        hands_over=who.role is not Role.CREW,
    )


async def follow_page(request: Request, of: str, v: str = "") -> Response:
    """Stream the changes of a page; `of` names it and `v` is the version that it shows."""
    who, studio = await identity_of(request), studio_of(request)
    mark = request.headers.get("last-event-id") or v
    channel = channel_of(request, who, of)
    await channel.refresh()
    viewer = Viewer(
        channel=channel, seal=studio.seal, role=who.role, version=version_of(mark, studio.seal)
    )
    return stream(request, viewer)


def channel_of(request: Request, who: Identity, of: str) -> Channel:
    """Return the channel of `wall`, `tickets`, or of a sheet such as `ticket:NUMBER`."""
    studio, language = studio_of(request), chosen_language(request)
    kind, _, name = of.partition(":")
    if kind == "wall" and who.role not in WATCHERS:
        raise ForbiddenError(f"{who.role} 不能看值班墙。 The wall is not for a {who.role}.")
    if who.role in OF_TICKETS_ALONE and kind not in OF_TICKETS:
        raise NotFoundError(f"没有这一页。 There is no live page {of!r} for a {who.role}.")
    if kind == "wall":
        return studio.wall(who, language)
    if kind == "tickets":
        return studio.tickets(who, language)
    find = {
        "ticket": studio.ticket,
        "device": studio.device,
        "opening": studio.opening,
        "command": studio.command,
    }.get(kind)
    if find is None:
        raise NotFoundError(f"没有这一页，请刷新。 There is no live page {of!r}; reload.")
    return find(name, who, language)


CALLS = (
    Call(
        method="GET",
        path="/",
        answer=home,
        roles=ONLOOKERS,
        operation="showHome",
        about="Leads to the page that fits the role",
    ),
    Call(
        method="GET",
        path="/wall",
        answer=wall,
        roles=WATCHERS,
        operation="showWall",
        about="The guard wall",
    ),
    Call(
        method="GET",
        path="/console/stream",
        answer=follow_page,
        roles=ONLOOKERS,
        operation="followPage",
        about="Changes of a page as server-sent events",
    ),
)
