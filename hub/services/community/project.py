"""The steps of a project as a table, and what each makes of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.project import (
    Claimant,
    Milestone,
    Project,
    ProjectAction,
    ProjectState,
    Turn,
)
from hub.ports.community import ProjectStep
from hub.services.reports.report_form import tidy

LEADERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
CLAIMANTS = LEADERS | {Role.DEPARTMENT}
"""Who acts for a claimant: leaders for whoever has no login, a department for itself."""
LONGEST, LONGEST_NAME = 500, 60
MOST_MILESTONES, MOST_TURNS = 20, 200
OPEN, CLAIMED, UNDER_WAY, DELIVERED, ACCEPTED, WITHDRAWN = ProjectState


class ProjectRow(NamedTuple):
    """One step: from where, to where, by whom, the field it needs, and its journal entry."""

    before: frozenset[ProjectState]
    after: ProjectState
    roles: frozenset[Role]
    needs: str
    entry: str


def _row(
    *before: ProjectState, to: ProjectState, roles: frozenset[Role], needs: str, entry: str
) -> ProjectRow:
    return ProjectRow(frozenset(before), to, roles, needs, entry)


PROJECT_ROWS: Mapping[ProjectAction, ProjectRow] = {
    ProjectAction.CLAIM: _row(
        OPEN, to=CLAIMED, roles=CLAIMANTS, needs="claim", entry="project.claimed"
    ),
    ProjectAction.START: _row(
        CLAIMED, to=UNDER_WAY, roles=CLAIMANTS, needs="", entry="project.started"
    ),
    ProjectAction.DELIVER: _row(
        *(CLAIMED, UNDER_WAY),
        to=DELIVERED,
        roles=CLAIMANTS,
        needs="text",
        entry="project.delivered",
    ),
    ProjectAction.ACCEPT: _row(
        DELIVERED, to=ACCEPTED, roles=LEADERS, needs="text", entry="project.accepted"
    ),
    ProjectAction.REJECT: _row(
        DELIVERED, to=UNDER_WAY, roles=LEADERS, needs="text", entry="project.rejected"
    ),
    ProjectAction.GIVE_BACK: _row(
        *(CLAIMED, UNDER_WAY), to=OPEN, roles=CLAIMANTS, needs="text", entry="project.given_back"
    ),
    ProjectAction.WITHDRAW: _row(
        *(OPEN, CLAIMED, UNDER_WAY),
        to=WITHDRAWN,
        roles=LEADERS,
        needs="text",
        entry="project.withdrawn",
    ),
}
"""A project that was accepted or withdrawn takes no more steps."""


def possible_actions(project: Project, who: Identity) -> tuple[ProjectAction, ...]:
    """Return what this person can do to a project now."""
    return tuple(
        do
        for do, row in PROJECT_ROWS.items()
        if project.state in row.before and who.role in row.roles and _is_theirs(project, who, do)
    )


def take_step(project: Project, step: ProjectStep, who: Identity, now: float) -> Project:
    """Return the project after a step.

    Raises ConflictError with what is possible, ForbiddenError for who may not, and
    InvalidRequestError that names what does not fit.
    """
    row = PROJECT_ROWS[step.do]
    if project.state not in row.before:
        possible = tuple(each.value for each in possible_actions(project, who))
        raise ConflictError(
            f"project {project.id} is {project.state}: {step.do} is not possible",
            possible=possible,
            zh="这个项目现在不能做这一步。",
        )
    if who.role not in row.roles or not _is_theirs(project, who, step.do):
        raise ForbiddenError(
            f"project {project.id} is not yours to {step.do}", zh="这一步不归你做。"
        )
    text = tidy(step.text)
    _check(step, row, text, now)
    after = _EFFECTS.get(step.do, _leave)(project, step, who)
    turn = Turn(do=step.do.value, actor=who.name, at=now, text=text)
    turns = (*after.turns, turn)[-MOST_TURNS:]
    revision = project.revision + 1
    return msgspec.structs.replace(after, state=row.after, turns=turns, revision=revision)


def finish_milestone(
    project: Project, milestone: str, proof: str, who: Identity, now: float
) -> Project:
    """Return the project with a milestone done; NotFoundError, or ConflictError where it is."""
    found = next((each for each in project.milestones if each.id == milestone), None)
    if found is None:
        raise NotFoundError(
            f"project {project.id} has no milestone {milestone!r}", zh="没有这个节点。"
        )
    if found.done_at is not None or not project.is_promised:
        raise ConflictError(
            f"milestone {milestone} of project {project.id} is done, or not to be done now",
            zh="这个节点已经完成，或现在不能填。",
        )
    check_own(project, who)
    text = check_text(proof, "text")
    done = msgspec.structs.replace(found, done_at=now, done_by=who.name, proof=text)
    turn = Turn(do="milestone", actor=who.name, at=now, text=f"{found.text}：{text}")
    return msgspec.structs.replace(
        project,
        milestones=tuple(done if each.id == milestone else each for each in project.milestones),
        turns=(*project.turns, turn)[-MOST_TURNS:],
        revision=project.revision + 1,
    )


def check_text(text: str, field: str, longest: int = LONGEST) -> str:
    """Return a text without blanks at its ends; InvalidRequestError where it is none."""
    said = tidy(text)
    if not 0 < len(said) <= longest:
        raise InvalidRequestError(
            f"{field}: 1 to {longest} characters",
            problems={field: f"1 to {longest} characters"},
            zh=f"请填写，最多 {longest} 个字。",
        )
    return said


def late_projects(projects: Iterable[Project], now: float) -> Sequence[Project]:
    """Return those with a milestone whose time is over, the longest late first."""
    late = [each for each in projects if each.late(now)]
    return sorted(late, key=lambda each: (min(m.by for m in each.late(now)), each.id))


def check_own(project: Project, who: Identity) -> None:
    """Raise ForbiddenError for who neither leads nor has claimed it themselves."""
    if who.role not in CLAIMANTS or not _is_theirs(project, who, ProjectAction.DELIVER):
        raise ForbiddenError(f"project {project.id} is not yours", zh="这个项目不是你们认领的。")


def _is_theirs(project: Project, who: Identity, do: ProjectAction) -> bool:
    if who.role in LEADERS or do is ProjectAction.CLAIM:
        return True
    return project.claimant is not None and project.claimant.login == who.name


def _check(step: ProjectStep, row: ProjectRow, text: str, now: float) -> None:
    wrong: dict[str, tuple[str, str]] = {}
    if row.needs == "text" and not text:
        wrong["text"] = ("请写明说明", "say why, or how")
    if len(text) > LONGEST:
        wrong["text"] = (f"说明最多 {LONGEST} 个字", f"at most {LONGEST} characters")
    if row.needs == "claim":
        wrong |= _wrong_claim(step, now)
    if wrong:
        raise InvalidRequestError(
            "; ".join(f"{field}: {en}" for field, (_, en) in wrong.items()) + ".",
            problems={field: en for field, (_, en) in wrong.items()},
            zh="；".join(zh for zh, _ in wrong.values()) + "。",
        )


def _wrong_claim(step: ProjectStep, now: float) -> dict[str, tuple[str, str]]:
    several = f"1 到 {MOST_MILESTONES} 个节点，各有内容和以后的日期"
    dated = [text for text, by in step.milestones if 0 < len(tidy(text)) <= LONGEST and by > now]
    fits = {
        "claimant": 0 < len(tidy(step.claimant)) <= LONGEST_NAME,
        "promise": 0 < len(tidy(step.promise)) <= LONGEST,
        "milestones": 0 < len(step.milestones) <= MOST_MILESTONES
        and len(dated) == len(step.milestones),
    }
    said = {
        "claimant": (f"认领单位写 1 到 {LONGEST_NAME} 个字", f"1 to {LONGEST_NAME} characters"),
        "promise": (f"承诺写 1 到 {LONGEST} 个字", f"1 to {LONGEST} characters"),
        "milestones": (several, f"1 to {MOST_MILESTONES}, each with words and a day to come"),
    }
    return {field: said[field] for field, is_good in fits.items() if not is_good}


Effect = Callable[[Project, ProjectStep, Identity], Project]


def _leave(project: Project, _step: ProjectStep, _who: Identity) -> Project:
    return project


def _claim(project: Project, step: ProjectStep, who: Identity) -> Project:
    own = who.name if who.role is Role.DEPARTMENT else ""
    claimant = Claimant(name=tidy(step.claimant), kind=step.kind, login=own)
    dated = sorted(step.milestones, key=lambda each: each[1])
    milestones = (
        Milestone(id=f"m{number}", text=tidy(text), by=by)
        for number, (text, by) in enumerate(dated, start=1)
    )
    return msgspec.structs.replace(
        project, claimant=claimant, promise=tidy(step.promise), milestones=tuple(milestones)
    )


def _give_back(project: Project, _step: ProjectStep, _who: Identity) -> Project:
    return msgspec.structs.replace(project, claimant=None, promise="", milestones=())


_EFFECTS: Mapping[ProjectAction, Effect] = {
    ProjectAction.CLAIM: _claim,
    ProjectAction.GIVE_BACK: _give_back,
}
