"""Every project of the community, and the door through which they change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity
from hub.model.project import PROJECTS, Project, ProjectAction, Turn
from hub.model.ticket import Ticket
from hub.ports import Document
from hub.ports.community import ProjectStep
from hub.services.community.project import (
    LONGEST,
    PROJECT_ROWS,
    check_text,
    finish_milestone,
    possible_actions,
    take_step,
)

LONGEST_NEED = 60
MOST_TICKETS = 50
Entry = tuple[str, str, str, dict[str, Any]]
Write = Callable[[Sequence[Document], Sequence[Entry]], Awaitable[None]]
"""Stores documents with journal entries in one commit."""
Change = Callable[[Project, float], Project]


class ProjectBook:
    """Implements `hub.ports.community.ProjectOffice`; one change at a time."""

    def __init__(
        self,
        documents: Mapping[str, bytes],
        *,
        places: Collection[str],
        write: Write,
        clock: Clock,
    ) -> None:
        found = (msgspec.json.decode(body, type=Project) for body in documents.values())
        self._projects = {each.id: each for each in found}
        self._places = places
        self._write = write
        self._clock = clock
        self._turn = asyncio.Lock()

    def projects(self, who: Identity) -> Sequence[Project]:
        """Return all of them, newest first."""
        mine = [each for each in self._projects.values() if who.may_see(each.place)]
        return sorted(mine, key=lambda each: (-each.at, each.id))

    def project(self, project: str, who: Identity) -> Project:
        """Return one, or raise NotFoundError: a foreign one is as if it were not there."""
        found = self._projects.get(project)
        if found is None or not who.may_see(found.place):
            raise NotFoundError(
                f"there is no project {project!r}; see /api/v1/projects",
                zh=f"没有项目 {project}。",
            )
        return found

    def of_ticket(self, number: str, who: Identity) -> Sequence[Project]:
        """Return those that a ticket is linked to."""
        return [each for each in self.projects(who) if number in each.tickets]

    def possible(self, project: Project, who: Identity) -> Sequence[ProjectAction]:
        """Return what this person can do to it now."""
        return possible_actions(project, who)

    async def propose(self, need: str, text: str, place: str, who: Identity) -> Project:
        """Write a need down."""
        if place not in self._places or not who.may_see(place):
            raise InvalidRequestError(
                f"place: there is no place {place!r}",
                problems={"place": "no such place"},
                zh="请选择位置。",
            )
        named = check_text(need, "need", LONGEST_NEED)
        said = check_text(text, "text", LONGEST)
        async with self._turn:
            now = self._clock.now()
            numbers = (int(each.removeprefix("p")) for each in self._projects)
            turn = Turn(do="propose", actor=who.name, at=now)
            project = Project(
                id=f"p{max(numbers, default=0) + 1}",
                need=named,
                text=said,
                place=place,
                turns=(turn,),
                actor=who.name,
                at=now,
            )
            await self._store(project, "project.proposed", who)
        return project

    async def step(self, project: str, step: ProjectStep, who: Identity) -> Project:
        """Take a step; ConflictError names those that are possible."""

        def change(before: Project, now: float) -> Project:
            return take_step(before, step, who, now)

        entry = PROJECT_ROWS[step.do].entry
        return await self._change(project, change, entry, who, text=step.text.strip())

    async def finish_milestone(
        self, project: str, milestone: str, proof: str, who: Identity
    ) -> Project:
        """Have a milestone done, with how it was seen."""

        def change(before: Project, now: float) -> Project:
            return finish_milestone(before, milestone, proof, who, now)

        said = {"milestone": milestone, "text": proof.strip()}
        return await self._change(project, change, "project.milestone_done", who, **said)

    async def link(self, project: str, ticket: Ticket, who: Identity) -> Project:
        """Link a ticket that the need is about; twice is once."""

        def change(before: Project, _now: float) -> Project:
            if ticket.number in before.tickets:
                return before
            if len(before.tickets) >= MOST_TICKETS:
                raise ConflictError(
                    f"project {project} has {MOST_TICKETS} tickets already",
                    zh=f"一个项目最多关联 {MOST_TICKETS} 张工单。",
                )
            tickets = (*before.tickets, ticket.number)
            return msgspec.structs.replace(before, tickets=tickets, revision=before.revision + 1)

        return await self._change(project, change, "project.linked", who, ticket=ticket.number)

    async def clear_photo(self, project: str, photo: str, who: Identity, *, shown: bool) -> Project:
        """Have a photo shown to everybody, or no more."""

        def change(before: Project, _now: float) -> Project:
            if (photo in before.cleared) == shown:
                return before
            left = tuple(each for each in before.cleared if each != photo)
            cleared = (*left, photo) if shown else left
            return msgspec.structs.replace(before, cleared=cleared, revision=before.revision + 1)

        entry = "project.photo_cleared" if shown else "project.photo_withheld"
        return await self._change(project, change, entry, who, photo=photo)

    async def _change(
        self, project: str, change: Change, entry: str, who: Identity, **said: str
    ) -> Project:
        async with self._turn:
            before = self.project(project, who)
            after = change(before, self._clock.now())
            if after is not before:
                await self._store(after, entry, who, **said)
        return after

    async def _store(self, project: Project, entry: str, who: Identity, **said: str) -> None:
        paper = Document(
            collection=PROJECTS,
            key=project.id,
            body=msgspec.json.encode(project),
            at=self._clock.now(),
        )
        data = {
            "need": project.need,
            "state": project.state.value,
            "claimant": project.claimant.name if project.claimant else "",
            "place": project.place,
            **said,
        }
        await self._write([paper], [(entry, project.id, who.name, data)])
        self._projects[project.id] = project
