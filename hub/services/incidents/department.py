"""Departments (职能部门): receivers that are people with a login; what is handed to which. Pure.

A department's name is its login, and the name of its key of the role grid if it has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hub.model.access import Identity, Role
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.services.incidents.case_limit import CaseLimit, limits_of
from hub.services.incidents.case_table import AT_WORK

PASSED_ON = frozenset({CaseAction.URGE, CaseAction.SUPERVISE})
"""Notes of who dispatched a case that reach whom it was dispatched to."""
OPEN_TO_GIVE = frozenset({CaseState.REPORTED, CaseState.FILED})
"""States in which a department can be given work that it does not have yet."""
OWN = (
    *(CaseAction.SIGN, CaseAction.ARRIVE, CaseAction.FEED_BACK, CaseAction.RETURN),
    *(CaseAction.ASK_EXTENSION, CaseAction.HELP, CaseAction.COMMENT),
)
"""What a department does with its work, in the order of its page."""
ABOVE = (
    *(CaseAction.DISPATCH, CaseAction.URGE, CaseAction.SUPERVISE, CaseAction.DECIDE_EXTENSION),
    *(CaseAction.CHECK, CaseAction.RETURN, CaseAction.CLOSE, CaseAction.REOPEN),
)
"""What the community's leaders do with a department's case."""


class DepartmentFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Work of one department: how many cases, how many limits were kept, and how long it took.

    Times are means in seconds from the handing over; None where nothing of the kind was done.
    """

    department: str
    given: int
    open: int
    late: int
    kept: Mapping[str, int]
    missed: Mapping[str, int]
    seconds: Mapping[str, float | None]


def department_names(people: Mapping[str, Identity], place: str = "") -> list[str]:
    """Return the logins of departments that may see a place; all where it is empty."""
    return sorted(
        name
        for name, each in people.items()
        if each.role is Role.DEPARTMENT and (not place or each.may_see(place))
    )


def passed_on(before: Case, step: CaseStep, departments: Iterable[str]) -> CaseStep | None:
    """Return the step of a department's case that follows from a step of another one.

    A dispatch or a call for help is work handed to whom it names; urging and supervising reach
    whom the case was dispatched to.
    """
    whom = before.to if step.do in PASSED_ON else step.to
    if whom == step.receiver or whom not in set(departments):
        return None
    base = CaseStep(do=step.do, receiver=whom, at=step.at, reason=step.reason, actor=_giver(step))
    if step.do in PASSED_ON:
        return base
    if step.do not in {CaseAction.DISPATCH, CaseAction.HELP}:
        return None
    helps = step.receiver if step.do is CaseAction.HELP else ""
    return msgspec.structs.replace(base, do=CaseAction.DISPATCH, to=whom, helps=helps)


def steps_of_department(case: Case, possible: Iterable[str]) -> list[CaseAction]:
    """Return what the department can do, of what its case allows."""
    allowed = set(possible)
    steps = [each for each in OWN if each in allowed]
    if case.state not in AT_WORK:
        return [each for each in steps if each is CaseAction.COMMENT]
    return steps


def figures_of(department: str, cases: Iterable[Case], now: float) -> DepartmentFigures:
    """Count the work of one department; a step counts with the last handing over."""
    given = [case for case in cases if case.given_at is not None]
    names = ("sign", "arrive", "feed_back")
    limits = [(case, limit) for case in given for limit in limits_of(case)]
    done = [(case, limit) for case, limit in limits if limit.done_at is not None]
    at_work = [case for case in given if case.state in AT_WORK]
    return DepartmentFigures(
        department=department,
        given=len(given),
        open=len(at_work),
        late=sum(any(e.is_late(now) for e in limits_of(case)) for case in at_work),
        kept={n: sum(e.name == n and not e.is_late(now) for _, e in done) for n in names},
        missed={n: sum(e.name == n and e.is_late(now) for _, e in limits) for n in names},
        seconds={name: _mean(name, done) for name in names},
    )


def _mean(name: str, limits: Iterable[tuple[Case, CaseLimit]]) -> float | None:
    spans = [
        limit.done_at - case.given_at
        for case, limit in limits
        if limit.name == name and limit.done_at is not None and case.given_at is not None
    ]
    return sum(spans) / len(spans) if spans else None


def _giver(step: CaseStep) -> str:
    return step.actor or f"key:{step.receiver}"
