"""What people see and do of community work: inspections, projects, agenda."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.agenda import Decision, Matter, Meeting
from hub.model.inspection import Inspection, Rhythm, Round, Verdict
from hub.model.project import ClaimantKind, Project, ProjectAction
from hub.model.ticket import Ticket
from hub.model.whistle import ReportWish


class StopWish(msgspec.Struct, frozen=True, kw_only=True):
    """A stop as it is typed; `id` is empty for a new one."""

    subject: str
    id: str = ""
    thing: str = ""
    checks: tuple[str, ...] = ()
    category: str = ""


class InspectionWish(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection as it is typed: `at` such as `08:30`, `hours` how long a round can be walked.

    `day` is the weekday (1 to 7) or the day of the month (1 to 28).
    """

    title: str
    team: str
    every: Rhythm = Rhythm.WEEK
    day: int = 1
    at: str = "08:00"
    hours: float = 10.0
    stops: tuple[StopWish, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen at a stop of a round: fine, or which check was not, with its report."""

    walk: str
    stop: str
    verdict: Verdict
    check: str = ""
    wish: ReportWish | None = None


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """The round after an answer; `ticket` is that of a finding, `joined` where it was known."""

    walk: Round
    ticket: str = ""
    joined: bool = False


class InspectionOffice(Protocol):
    """Where inspections are planned and walked; each call is in the store when it returns.

    What lies outside a person's part of the community is as if it were not there (NotFoundError).
    """

    def inspections(self, who: Identity) -> Sequence[Inspection]:
        """Return those that have not ended, by title."""
        ...

    def inspection(self, inspection: str, who: Identity) -> Inspection:
        """Return one, ended or not."""
        ...

    def rounds(self, who: Identity, *, since: float = 0.0) -> Sequence[Round]:
        """Return the rounds that came due at or after `since`, newest first."""
        ...

    def round(self, walk: str, who: Identity) -> Round:
        """Return one round."""
        ...

    def known_at(self, walk: str, stop: str, who: Identity) -> Sequence[Ticket]:
        """Return the open tickets of earlier findings at a stop, newest first."""
        ...

    async def plan(self, wish: InspectionWish, who: Identity) -> Inspection:
        """Plan a new one; InvalidRequestError names every field that does not fit."""
        ...

    async def change(
        self, inspection: str, wish: InspectionWish, who: Identity, *, version: int | None = None
    ) -> Inspection:
        """Change one; rounds that are due stay as they are.

        ConflictError where it has ended, or is not in the `version` that was edited.
        """
        ...

    async def end(self, inspection: str, who: Identity) -> Inspection:
        """End one: no more rounds come due. ConflictError where it has ended."""
        ...

    async def answer(self, seen: Seen, who: Identity) -> Walked:
        """Take what was seen at a stop; a finding opens a ticket, or joins the one of it.

        ConflictError where the round is over, or the ticket that is named is not open any more.
        """
        ...

    async def finish(self, walk: str, who: Identity) -> Round:
        """Finish a round; ConflictError while a stop is left."""
        ...


class ProjectStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a project as it is wished; which fields count is said by the table of its steps.

    A claim has `claimant`, `kind`, `promise` and `milestones`: what is done until which instant.
    """

    do: ProjectAction
    text: str = ""
    claimant: str = ""
    kind: ClaimantKind = ClaimantKind.DEPARTMENT
    promise: str = ""
    milestones: tuple[tuple[str, float], ...] = ()


class ProjectOffice(Protocol):
    """Where projects are proposed, claimed and delivered; each call is in the store on return.

    What lies outside a person's part of the community is as if it were not there (NotFoundError).
    """

    def projects(self, who: Identity) -> Sequence[Project]:
        """Return all of them, newest first."""
        ...

    def project(self, project: str, who: Identity) -> Project:
        """Return one."""
        ...

    def of_ticket(self, number: str, who: Identity) -> Sequence[Project]:
        """Return those that a ticket is linked to."""
        ...

    def possible(self, project: Project, who: Identity) -> Sequence[ProjectAction]:
        """Return what this person can do to it now."""
        ...

    async def propose(self, need: str, text: str, place: str, who: Identity) -> Project:
        """Write a need down; InvalidRequestError names what does not fit."""
        ...

    async def step(self, project: str, step: ProjectStep, who: Identity) -> Project:
        """Take a step; ConflictError names those that are possible."""
        ...

    async def finish_milestone(
        self, project: str, milestone: str, proof: str, who: Identity
    ) -> Project:
        """Have a milestone done, with how it was seen; ConflictError where it is."""
        ...

    async def link(self, project: str, ticket: Ticket, who: Identity) -> Project:
        """Link a ticket that the need is about; twice is once."""
        ...

    async def clear_photo(self, project: str, photo: str, who: Identity, *, shown: bool) -> Project:
        """Have a photo shown to everybody, or no more; whether there is one is the caller's."""
        ...


class DecisionWish(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it is typed: about which matter, what, by which body, until when."""

    matter: str
    text: str
    body: str
    by: float


class AgendaOffice(Protocol):
    """Where the joint meeting has its agenda and its decisions; in the store on return."""

    async def agenda(self, who: Identity, *, times: int = 3, days: int = 30) -> Sequence[Matter]:
        """Return what a meeting of today has to talk about, in this person's part."""
        ...

    def meetings(self, who: Identity) -> Sequence[Meeting]:
        """Return the meetings, newest first."""
        ...

    def meeting(self, meeting: str, who: Identity) -> Meeting:
        """Return one; NotFoundError likewise for a foreign one."""
        ...

    def decisions_of(self, number: str, who: Identity) -> Sequence[tuple[Meeting, Decision]]:
        """Return what meetings have decided about a ticket, oldest first."""
        ...

    async def convene(
        self, held_at: float, who: Identity, *, times: int = 3, days: int = 30
    ) -> Meeting:
        """Call a meeting with the agenda of now; ConflictError where that is empty."""
        ...

    async def decide(self, meeting: str, wish: DecisionWish, who: Identity) -> Meeting:
        """Write a decision down; InvalidRequestError names what does not fit."""
        ...

    async def carry_out(self, meeting: str, decision: str, result: str, who: Identity) -> Meeting:
        """Note that a decision was carried out; ConflictError where it was."""
        ...
