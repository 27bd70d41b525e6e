"""The pages of project claims (项目认领): needs, promises, what is late, and proof."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from functools import partial

import msgspec
from fastapi import Request, Response
from fastapi.datastructures import FormData
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from hub.access.http import identity_of, ports_of
from hub.access.policy import Call, forms
from hub.console.devices.window_page import place_choices
from hub.console.frame.naming import place_name
from hub.console.frame.page import LEADERS, READERS, Visit, show, visit_of
from hub.console.frame.span import calendar_day
from hub.console.tickets.ticket_sheet import visible_ticket
from hub.errors import ConflictError, ForbiddenError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Role
from hub.model.instant import from_rfc3339, to_local_text
from hub.model.photo import Moment
from hub.model.project import ClaimantKind, Project, ProjectAction, ProjectState
from hub.ports.community import ProjectStep
from hub.services.community.project import check_own, late_projects
from hub.services.reports.picture import LARGEST_FILE

PROPOSERS = LEADERS | {Role.GRID_WORKER}
CLAIMANTS = LEADERS | {Role.DEPARTMENT}
REFUSALS = (InvalidRequestError, NotFoundError, ConflictError, ForbiddenError)
LINES = range(1, 6)
"""Milestones that the form of a claim has room for."""
END_OF_DAY = "T23:59:59"
ORDER = tuple(ProjectState)


class ProjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """A project in a list; `late` is how many milestones are."""

    id: str
    need: str
    place: str
    state: str
    word: str
    claimant: str
    next: str
    late: int


async def list_page(request: Request) -> Response:
    """Show all projects: what is late first, then by state."""
    return await _list(request)


async def propose_by_form(request: Request) -> Response:
    """Write a need down."""
    form, who = await request.form(), await identity_of(request)
    typed = {name: str(form.get(name, ""))[:500].strip() for name in ("need", "text", "place")}
    try:
        made = await ports_of(request).projects.propose(**typed, who=who)
    except REFUSALS as error:
        return await _list(request, typed, error)
    return RedirectResponse(f"/projects/{made.id}", 303)


async def project_page(request: Request, project: str) -> Response:
    """Show one project, and what can be done to it."""
    return await _one(request, project)


async def step_by_form(request: Request, project: str) -> Response:
    """Take a step."""
    form, who = await request.form(), await identity_of(request)
    try:
        step = _read_step(form)
        await ports_of(request).projects.step(project, step, who)
    except REFUSALS as error:
        return await _one(request, project, error, form)
    return RedirectResponse(f"/projects/{project}", 303)


async def milestone_by_form(request: Request, project: str, milestone: str) -> Response:
    """Have a milestone done."""
    form, who = await request.form(), await identity_of(request)
    office = ports_of(request).projects
    wish = office.finish_milestone(project, milestone, str(form.get("text", "")), who)
    return await _after(request, project, wish)


async def link_by_form(request: Request, project: str) -> Response:
    """Link a ticket by its number."""
    form, who = await request.form(), await identity_of(request)
    ports = ports_of(request)
    number = str(form.get("ticket", "")).strip().upper()
    try:
        ticket = await visible_ticket(ports, who, number)
    except NotFoundError as error:
        return await _one(request, project, error)
    return await _after(request, project, ports.projects.link(project, ticket, who))


async def photo_by_form(request: Request, project: str) -> Response:
    """Keep a photo as proof."""
    ports, who = ports_of(request), await identity_of(request)
    async with request.form() as form:
        sent = form.get("photo")
        try:
            found = ports.projects.project(project, who)
            check_own(found, who)
            if not isinstance(sent, UploadFile) or not sent.size:
                raise InvalidRequestError("choose a photo", zh="请选照片。")
            picture = await ports.photos.develop(partial(sent.read, LARGEST_FILE + 1))
            await ports.photos.add(found, picture, moment=Moment.AFTER, actor=who.name)
        except REFUSALS as error:
            return await _one(request, project, error)
    return RedirectResponse(f"/projects/{project}", 303)


async def clear_by_form(request: Request, project: str, photo: str) -> Response:
    """Clear a photo for everybody to see, or take that back."""
    form, who = await request.form(), await identity_of(request)
    ports = ports_of(request)
    number = ports.projects.project(project, who).number
    if photo not in {each.id for each in ports.photos.photos(number)}:
        raise NotFoundError(f"there is no photo {photo!r}", zh="没有这张照片。")
    shown = form.get("shown") == "yes"
    return await _after(
        request, project, ports.projects.clear_photo(project, photo, who, shown=shown)
    )


async def _after(request: Request, project: str, wish: Awaitable[object]) -> Response:
    try:
        await wish
    except REFUSALS as error:
        return await _one(request, project, error)
    return RedirectResponse(f"/projects/{project}", 303)


def _read_step(form: FormData) -> ProjectStep:
    do, kind = str(form.get("do", "")), str(form.get("kind", ""))
    if do not in set(ProjectAction):
        raise InvalidRequestError("choose a step", problems={"do": ""}, zh="请选择一步。")
    return ProjectStep(
        do=ProjectAction(do),
        text=str(form.get("text", "")),
        claimant=str(form.get("claimant", "")),
        kind=ClaimantKind(kind) if kind in set(ClaimantKind) else ClaimantKind.DEPARTMENT,
        promise=str(form.get("promise", "")),
        milestones=tuple(
            (str(form.get(f"text{line}", "")), _end_of(str(form.get(f"by{line}", ""))))
            for line in LINES
            if form.get(f"text{line}") or form.get(f"by{line}")
        ),
    )


def _end_of(day: str) -> float:
    """Return the end of a day that was typed; 0 for what is none, which the table refuses."""
    try:
        return from_rfc3339(date.fromisoformat(day).isoformat() + END_OF_DAY)
    except ValueError:
        return 0.0


async def _list(
    request: Request, typed: dict[str, str] | None = None, refusal: HubError | None = None
) -> Response:
    visit = await visit_of(request)
    found = visit.ports.projects.projects(visit.who)
    late = list(late_projects(found, visit.page.now))
    rest = sorted((e for e in found if e not in late), key=lambda e: ORDER.index(e.state))
    return show(
        visit,
        "projects.html",
        status=422 if refusal else 200,
        rows=[_row(each, visit) for each in (*late, *rest)],
        places=place_choices(visit.ports.live, visit.who),
        may_propose=visit.who.role in PROPOSERS,
        typed={"need": "", "text": "", "place": "", **(typed or {})},
        message=visit.words.of(refusal.texts) if refusal else "",
    )


async def _one(
    request: Request, project: str, refusal: HubError | None = None, form: FormData | None = None
) -> Response:
    visit = await visit_of(request)
    ports, who, now = visit.ports, visit.who, visit.page.now
    found = ports.projects.project(project, who)
    return show(
        visit,
        "project.html",
        status=422 if refusal else 200,
        project=found,
        place=place_name(found.place, ports.live.places()),
        late={each.id for each in found.late(now)},
        today=to_local_text(now)[:10],
        possible=ports.projects.possible(found, who),
        photos=ports.photos.photos(found.number),
        kinds=tuple(ClaimantKind),
        lines=LINES,
        may_act=who.role in CLAIMANTS and found.is_promised,
        leads=who.role in LEADERS,
        may_link=who.role in PROPOSERS,
        typed={name: str(value) for name, value in form.items()} if form else {},
        message=visit.words.of(refusal.texts) if refusal else "",
    )


def _row(project: Project, visit: Visit) -> ProjectRow:
    coming = [each for each in project.milestones if each.done_at is None and project.is_promised]
    return ProjectRow(
        id=project.id,
        need=project.need,
        place=place_name(project.place, visit.ports.live.places()),
        state=project.state.value,
        word=visit.words.name("project_state", project.state),
        claimant=project.claimant.name if project.claimant else "",
        next=f"{calendar_day(coming[0].by)} {coming[0].text}" if coming else "",
        late=len(project.late(visit.page.now)),
    )


CALLS = (
    Call(
        method="GET",
        path="/projects",
        answer=list_page,
        roles=READERS,
        operation="showProjects",
        about="Project claims",
    ),
    Call(
        method="GET",
        path="/projects/{project}",
        answer=project_page,
        roles=READERS,
        operation="showProject",
        about="One project claim",
    ),
    *forms(
        LEADERS,
        (
            "/projects/{project}/photos/{photo}/clear",
            clear_by_form,
            "clearPhotoByForm",
            "Clears a photo for everybody",
        ),
    ),
    *forms(
        PROPOSERS,
        ("/projects", propose_by_form, "proposeProjectByForm", "Writes a need down"),
        ("/projects/{project}/tickets", link_by_form, "linkTicketByForm", "Links a ticket"),
    ),
    *forms(
        CLAIMANTS,
        ("/projects/{project}/actions", step_by_form, "stepProjectByForm", "Takes a step"),
        (
            "/projects/{project}/milestones/{milestone}",
            milestone_by_form,
            "finishMilestoneByForm",
            "Has a milestone done",
        ),
        ("/projects/{project}/photos", photo_by_form, "addProofByForm", "Keeps a photo"),
    ),
)
