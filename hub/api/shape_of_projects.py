"""What answers about projects look like; see `hub/api/shape.py`."""

from __future__ import annotations

from hub.api.shape import Moment, Shape
from hub.model.project import ClaimantKind, ProjectAction, ProjectState


class Claimant(Shape):
    """Who has claimed it."""

    name: str
    kind: ClaimantKind


class Milestone(Shape):
    """What was promised until when; `late` says that its time is over and it is not done."""

    id: str
    text: str
    by: Moment
    late: bool
    done_at: Moment | None
    done_by: str
    proof: str


class Turn(Shape):
    """One step of its way."""

    do: str
    actor: str
    at: Moment
    text: str


class Project(Shape):
    """A project, with what the asker can do to it now (`possible`)."""

    id: str
    need: str
    text: str
    place: str
    tickets: list[str]
    state: ProjectState
    claimant: Claimant | None
    promise: str
    milestones: list[Milestone]
    photos: list[str]
    cleared: list[str]
    turns: list[Turn]
    actor: str
    at: Moment
    revision: int
    possible: list[ProjectAction]
