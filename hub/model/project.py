"""项目认领: a need, who has claimed it, what they promised, and what became of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

PROJECTS = "project"
"""The collection of the documents; the key is `Project.id`."""


class ClaimantKind(StrEnum):
    """职能部门, 企业, 社会组织, 双报到单位."""

    DEPARTMENT = "department"
    ENTERPRISE = "enterprise"
    SOCIAL = "social"
    UNIT = "unit"


class ProjectState(StrEnum):
    """The states of a project.

    待认领 open · 已认领 claimed · 实施中 under_way · 待验收 delivered · 已完成 accepted ·
    已撤销 withdrawn.
    """

    OPEN = "open"
    CLAIMED = "claimed"
    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


class ProjectAction(StrEnum):
    """What somebody does to a project; the wire's `do`."""

    CLAIM = "claim"
    GIVE_BACK = "give_back"
    START = "start"
    DELIVER = "deliver"
    REJECT = "reject"
    ACCEPT = "accept"
    WITHDRAW = "withdraw"


class Claimant(msgspec.Struct, frozen=True, kw_only=True):
    """Who has claimed it; `login` where they have done so themselves. No person's name or phone."""

    name: str
    kind: ClaimantKind
    login: str = ""


class Milestone(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was promised until an instant; `proof` says how it was seen to be done."""

    id: str
    text: str
    by: float
    done_at: float | None = None
    done_by: str = ""
    proof: str = ""

    def is_late(self, now: float) -> bool:
        """Tell whether it is not done though its time is over."""
        return self.done_at is None and self.by < now


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One step of its way, as the page tells it: what, by whom, and why or how."""

    do: str
    actor: str
    at: float
    text: str = ""


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """One project; `promise` and `milestones` are its claimant's, and go when it is given back."""

    id: str
    need: str
    text: str
    place: str
    tickets: tuple[str, ...] = ()
    state: ProjectState = ProjectState.OPEN
    claimant: Claimant | None = None
    promise: str = ""
    milestones: tuple[Milestone, ...] = ()
    turns: tuple[Turn, ...] = ()
    cleared: tuple[str, ...] = ()
    """Photos, by their ids, that somebody has cleared for everybody to see."""
    actor: str
    at: float
    revision: int = 1

    @property
    def number(self) -> str:
        """Return under what its photos are kept."""
        return self.id

    @property
    def discreet(self) -> bool:
        """Tell that it is everybody's business."""
        return False

    @property
    def is_promised(self) -> bool:
        """Tell whether somebody has promised it, and has not delivered."""
        return self.state in {ProjectState.CLAIMED, ProjectState.UNDER_WAY}

    def late(self, now: float) -> tuple[Milestone, ...]:
        """Return what was promised until before `now`, and is not done."""
        return tuple(each for each in self.milestones if self.is_promised and each.is_late(now))
