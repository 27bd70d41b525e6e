"""Calls about project claims (项目认领): needs, promises, milestones and proof."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import Request, Response

from hub.access.body import read_struct
from hub.access.http import identity_of, ports_of
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.access.web_ports import WebPorts
from hub.api import shape_of_projects as shape
from hub.api.paging import instant, json_response, page
from hub.api.photos import HEADERS, JPEG
from hub.api.rights import LEADERS, TICKET_READERS, visible_ticket
from hub.api.shape import Page
from hub.api.shape_of_reports import Jpeg
from hub.errors import NotFoundError
from hub.model.access import Identity, Role
from hub.model.instant import to_rfc3339
from hub.model.photo import Moment
from hub.model.project import ClaimantKind, Milestone, Project, ProjectAction, Turn
from hub.ports.community import ProjectStep
from hub.services.community.project import check_own

PROPOSERS = LEADERS | {Role.GRID_WORKER}
CLAIMANTS = LEADERS | {Role.DEPARTMENT}


class NeedBody(msgspec.Struct, frozen=True, kw_only=True):
    """A need of a place."""

    need: str
    text: str
    place: str


class MilestoneBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is promised until when (RFC 3339)."""

    text: str
    by: str


class ProjectStepBody(msgspec.Struct, frozen=True, kw_only=True):
    """A step; a claim has `claimant kind promise milestones`, most others need `text`."""

    do: ProjectAction
    text: str = ""
    claimant: str = ""
    kind: ClaimantKind = ClaimantKind.DEPARTMENT
    promise: str = ""
    milestones: tuple[MilestoneBody, ...] = ()


class ProofBody(msgspec.Struct, frozen=True, kw_only=True):
    """How a milestone was seen to be done."""

    text: str


class LinkBody(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that the need is about."""

    ticket: str


class ClearBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whether everybody may see a photo: no face, no number plate, no door of a flat."""

    shown: bool


async def list_projects(request: Request) -> Response:
    """List all projects, newest first."""
    ports, who = ports_of(request), await identity_of(request)
    return page([_spell(ports, each, who) for each in ports.projects.projects(who)], None)


async def read_project(request: Request, project: str) -> Response:
    """Read one project."""
    ports, who = ports_of(request), await identity_of(request)
    return json_response(_spell(ports, ports.projects.project(project, who), who))


async def propose_project(request: Request) -> Response:
    """Write a need down, for somebody to claim."""
    body = read_struct(await request.body(), NeedBody)
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        made = await ports.projects.propose(body.need, body.text, body.place, who)
        return json_response(_spell(ports, made, who), 201)

    return await once(request, who, act)


async def step_project(request: Request, project: str) -> Response:
    """Take a step of a project."""
    body = read_struct(await request.body(), ProjectStepBody)
    ports, who = ports_of(request), await identity_of(request)
    step = ProjectStep(
        do=body.do,
        text=body.text,
        claimant=body.claimant,
        kind=body.kind,
        promise=body.promise,
        milestones=tuple((each.text, instant(each.by, "by", 0.0)) for each in body.milestones),
    )

    async def act() -> Response:
        return json_response(_spell(ports, await ports.projects.step(project, step, who), who))

    return await once(request, who, act)


async def finish_milestone(request: Request, project: str, milestone: str) -> Response:
    """Have a milestone done, with how it was seen."""
    body = read_struct(await request.body(), ProofBody)
    ports, who = ports_of(request), await identity_of(request)

    async def act() -> Response:
        done = await ports.projects.finish_milestone(project, milestone, body.text, who)
        return json_response(_spell(ports, done, who))

    return await once(request, who, act)


async def link_ticket(request: Request, project: str) -> Response:
    """Link a ticket to a project."""
    body = read_struct(await request.body(), LinkBody)
    ports, who = ports_of(request), await identity_of(request)
    ticket = await visible_ticket(ports, who, body.ticket)

    async def act() -> Response:
        return json_response(_spell(ports, await ports.projects.link(project, ticket, who), who))

    return await once(request, who, act)


async def add_project_photo(request: Request, project: str) -> Response:
    """Keep a photo as proof; the body is the file itself: JPEG, PNG or WebP, 10 MiB at most."""
    ports, who = ports_of(request), await identity_of(request)
    found = ports.projects.project(project, who)
    check_own(found, who)

    async def act() -> Response:
        picture = await ports.photos.develop(request.body)
        await ports.photos.add(found, picture, moment=Moment.AFTER, actor=who.name)
        return json_response(_spell(ports, found, who), 201)

    return await once(request, who, act)


async def clear_project_photo(request: Request, project: str, photo: str) -> Response:
    """Have a photo shown to everybody on the page of what is published, or no more."""
    body = read_struct(await request.body(), ClearBody)
    ports, who = ports_of(request), await identity_of(request)
    number = ports.projects.project(project, who).number
    if photo not in {each.id for each in ports.photos.photos(number)}:
        raise NotFoundError(f"there is no photo {photo!r}", zh="没有这张照片。")

    async def act() -> Response:
        after = await ports.projects.clear_photo(project, photo, who, shown=body.shown)
        return json_response(_spell(ports, after, who))

    return await once(request, who, act)


async def read_project_photo(request: Request, project: str, photo: str) -> Response:
    """Give one photo as JPEG."""
    ports, who = ports_of(request), await identity_of(request)
    number = ports.projects.project(project, who).number
    found = next((each for each in ports.photos.photos(number) if each.id == photo), None)
    body = await ports.photos.read(found) if found else None
    if body is None:
        raise NotFoundError(f"there is no photo {photo!r}", zh="没有这张照片。")
    return Response(body, media_type=JPEG, headers=HEADERS)


def _spell(ports: WebPorts, project: Project, who: Identity) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(project)
    claimant, now = project.claimant, ports.clock.now()
    return {
        **body,
        "claimant": claimant and {"name": claimant.name, "kind": claimant.kind},
        "milestones": [_milestone(each, project, now) for each in project.milestones],
        "photos": [each.id for each in ports.photos.photos(project.number)],
        "turns": [_turn(each) for each in project.turns],
        "at": to_rfc3339(project.at),
        "possible": ports.projects.possible(project, who),
    }


def _milestone(milestone: Milestone, project: Project, now: float) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.to_builtins(milestone)
    times = {name: to_rfc3339(body[name]) for name in ("by", "done_at")}
    return {**body, **times, "late": milestone in project.late(now)}


def _turn(turn: Turn) -> dict[str, Any]:
    return {**msgspec.structs.asdict(turn), "at": to_rfc3339(turn.at)}


CALLS = (
    Call(
        method="GET",
        path="/projects",
        answer=list_projects,
        roles=TICKET_READERS,
        operation="listProjects",
        about="Project claims",
        shows=Page[shape.Project],
    ),
    Call(
        method="POST",
        path="/projects",
        answer=propose_project,
        roles=PROPOSERS,
        operation="proposeProject",
        about="Write a need down",
        body=NeedBody,
        shows=shape.Project,
        statuses=(201,),
    ),
    Call(
        method="GET",
        path="/projects/{project}",
        answer=read_project,
        roles=TICKET_READERS,
        operation="readProject",
        about="One project",
        shows=shape.Project,
    ),
    Call(
        method="POST",
        path="/projects/{project}/actions",
        answer=step_project,
        roles=CLAIMANTS,
        operation="stepProject",
        about="Claim, start, deliver, accept or give back a project",
        body=ProjectStepBody,
        shows=shape.Project,
    ),
    Call(
        method="POST",
        path="/projects/{project}/milestones/{milestone}",
        answer=finish_milestone,
        roles=CLAIMANTS,
        operation="finishMilestone",
        about="Have a milestone done",
        body=ProofBody,
        shows=shape.Project,
    ),
    Call(
        method="POST",
        path="/projects/{project}/tickets",
        answer=link_ticket,
        roles=PROPOSERS,
        operation="linkTicket",
        about="Link a ticket to a project",
        body=LinkBody,
        shows=shape.Project,
    ),
    Call(
        method="POST",
        path="/projects/{project}/photos",
        answer=add_project_photo,
        roles=CLAIMANTS,
        operation="addProjectPhoto",
        about="Keep a photo as proof; the body is the file",
        shows=shape.Project,
        statuses=(201,),
    ),
    Call(
        method="POST",
        path="/projects/{project}/photos/{photo}/clear",
        answer=clear_project_photo,
        roles=LEADERS,
        operation="clearProjectPhoto",
        about="Clear a photo for everybody to see, or take that back",
        body=ClearBody,
        shows=shape.Project,
    ),
    Call(
        method="GET",
        path="/projects/{project}/photos/{photo}",
        answer=read_project_photo,
        roles=TICKET_READERS,
        operation="readProjectPhoto",
        about="One photo of a project as JPEG",
        shows=Jpeg,
        media=JPEG,
    ),
)
