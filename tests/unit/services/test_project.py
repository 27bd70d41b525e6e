"""Projects: the table of steps, what a claim needs, whose step it is, and what is late."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, ForbiddenError, HubError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.project import ClaimantKind, Project, ProjectAction, ProjectState
from hub.ports import Document
from hub.ports.community import ProjectStep
from hub.services.community.project import (
    PROJECT_ROWS,
    finish_milestone,
    late_projects,
    possible_actions,
    take_step,
)
from hub.services.community.project_book import ProjectBook

NOW = 1_764_000_000.0
DAY = 86_400.0
LI = Identity(name="li", role=Role.MANAGER)
POWER = Identity(name="power", role=Role.DEPARTMENT)
ROADS = Identity(name="roads", role=Role.DEPARTMENT)
NEED = Project(id="p1", need="加装电梯", text="3 幢老人多", place="gs/a", actor="li", at=NOW)
CLAIM = ProjectStep(
    do=ProjectAction.CLAIM,
    claimant="供电公司",
    kind=ClaimantKind.ENTERPRISE,
    promise="免费增容",
    milestones=(("送电", NOW + 20 * DAY), ("勘察", NOW + 10 * DAY)),
)


def step(project: Project, do: str, who: Identity = LI, **fields: Any) -> Project:  # noqa: ANN401
    wish = ProjectStep(do=ProjectAction(do), **{"text": "说明", **fields})
    return take_step(project, wish, who, NOW)


def claimed(who: Identity = LI) -> Project:
    return take_step(NEED, CLAIM, who, NOW)


def test_its_way_from_a_need_to_what_is_accepted() -> None:
    project = claimed()
    assert [(each.id, each.text) for each in project.milestones] == [("m1", "勘察"), ("m2", "送电")]
    for do in ("start", "deliver", "reject", "deliver", "accept"):
        project = step(project, do)
    assert project.state is ProjectState.ACCEPTED
    assert [each.do for each in project.turns] == [
        *("claim", "start", "deliver", "reject", "deliver", "accept"),
    ]
    assert possible_actions(project, LI) == ()


@pytest.mark.parametrize(("state", "do"), list(product(ProjectState, ProjectAction)))
def test_what_the_table_does_not_have_is_a_conflict(state: ProjectState, do: ProjectAction) -> None:
    project = msgspec.structs.replace(claimed(), state=state)
    wish = msgspec.structs.replace(CLAIM, do=do, text="说明")
    if state in PROJECT_ROWS[do].before:
        assert take_step(project, wish, LI, NOW).state is PROJECT_ROWS[do].after
    else:
        with pytest.raises(ConflictError) as refused:
            take_step(project, wish, LI, NOW)
        assert set(refused.value.possible) == set(possible_actions(project, LI))


def test_a_department_acts_for_itself_and_for_nobody_else() -> None:
    own = claimed(POWER)
    assert own.claimant is not None
    assert own.claimant.login == "power"
    assert step(own, "start", POWER).state is ProjectState.UNDER_WAY
    for project, do, who in ((own, "start", ROADS), (claimed(), "start", POWER)):
        with pytest.raises(ForbiddenError):
            step(project, do, who)
    with pytest.raises(ForbiddenError):
        step(step(own, "deliver", POWER), "accept", POWER)
    with pytest.raises(ForbiddenError):
        finish_milestone(own, "m1", "看过", ROADS, NOW)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"claimant": " "}, "claimant"),
        ({"promise": ""}, "promise"),
        ({"milestones": ()}, "milestones"),
        ({"milestones": (("送电", NOW - 1),)}, "milestones"),
        ({"milestones": ((" ", NOW + 1),)}, "milestones"),
    ],
)
def test_a_claim_names_who_what_and_until_when(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        take_step(NEED, msgspec.structs.replace(CLAIM, **change), LI, NOW)
    assert set(refused.value.problems) == {field}


def test_every_step_but_the_start_says_why() -> None:
    with pytest.raises(InvalidRequestError):
        step(claimed(), "give_back", text=" ")
    assert step(claimed(), "start", text="").state is ProjectState.UNDER_WAY


def test_who_gives_it_back_takes_the_promise_along() -> None:
    back = step(claimed(), "give_back")
    assert (back.state, back.claimant, back.promise, back.milestones) == (
        *(ProjectState.OPEN, None, "", ()),
    )


def test_a_milestone_is_late_until_it_is_done_and_only_while_it_is_promised() -> None:
    project, later = claimed(), NOW + 15 * DAY
    assert [each.id for each in project.late(later)] == ["m1"]
    done = finish_milestone(project, "m1", "勘察报告", LI, later)
    assert done.late(later) == ()
    assert (done.milestones[0].proof, done.milestones[0].done_by) == ("勘察报告", "li")
    with pytest.raises(ConflictError):
        finish_milestone(done, "m1", "再来", LI, later)
    with pytest.raises(NotFoundError):
        finish_milestone(done, "m9", "x", LI, later)
    assert step(project, "deliver").late(later) == ()
    other = msgspec.structs.replace(project, id="p2")
    assert [each.id for each in late_projects([done, other], later)] == ["p2"]


class Paper:
    """Keeps what would be stored."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.told: list[tuple[str, str, str]] = []
        self.failure: HubError | None = None

    async def write(self, documents: Any, entries: Any) -> None:  # noqa: ANN401
        if self.failure:
            raise self.failure
        for each in documents:
            assert isinstance(each, Document)
            self.kept[each.key] = each.body or b""
        self.told += [(kind, subject, actor) for kind, subject, actor, _ in entries]


async def test_the_book_keeps_what_is_stored_and_nothing_else() -> None:
    paper = Paper()
    book = ProjectBook({}, places={"gs/a"}, write=paper.write, clock=ManualClock(NOW))
    made = await book.propose("加装电梯", "3 幢老人多", "gs/a", LI)
    await book.step(made.id, CLAIM, LI)
    paper.failure = ConflictError("the disk is full")
    with pytest.raises(ConflictError, match="disk"):
        await book.step(made.id, ProjectStep(do=ProjectAction.START), LI)
    assert book.project(made.id, LI).state is ProjectState.CLAIMED
    again = ProjectBook(paper.kept, places={"gs/a"}, write=paper.write, clock=ManualClock(NOW))
    assert again.projects(LI) == book.projects(LI)
    assert paper.told == [("project.proposed", "p1", "li"), ("project.claimed", "p1", "li")]


async def test_what_lies_elsewhere_is_as_if_it_were_not_there() -> None:
    book = ProjectBook({}, places={"gs/a"}, write=Paper().write, clock=ManualClock(NOW))
    made = await book.propose("加装电梯", "3 幢老人多", "gs/a", LI)
    zhao = Identity(name="zhao", role=Role.MANAGER, scope="gs/b")
    assert book.projects(zhao) == []
    with pytest.raises(NotFoundError):
        await book.step(made.id, CLAIM, zhao)
    with pytest.raises(InvalidRequestError):
        await book.propose("加装电梯", "老人多", "gs/a", zhao)
