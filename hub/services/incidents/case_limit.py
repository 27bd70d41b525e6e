"""A department's limits (签收、到场、反馈), when each was kept, and which have passed. Pure.

They run by the clock from when the work was handed over; 返工 begins the last one anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from hub.model.alarm import Urgency
from hub.model.case import Case, CaseAction, CaseState, CaseStep
from hub.model.rung import DepartmentLimits
from hub.services.incidents.case_table import AT_WORK
from hub.services.incidents.pressure import may_ring

MINUTE, HOUR = 60.0, 3600.0


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from the handing over until a department signs, arrives and feeds back."""

    sign: float
    arrive: float
    feed_back: float


PACES: Mapping[Urgency, Pace] = {
    Urgency.URGENT: Pace(sign=30 * MINUTE, arrive=2 * HOUR, feed_back=24 * HOUR),
    Urgency.NORMAL: Pace(sign=4 * HOUR, arrive=24 * HOUR, feed_back=72 * HOUR),
    Urgency.PLANNED: Pace(sign=24 * HOUR, arrive=72 * HOUR, feed_back=168 * HOUR),
}
"""By the ticket's urgency, where the site's file of duty says nothing else."""


def pace_of(limits: Iterable[DepartmentLimits], department: str, urgency: Urgency) -> Pace:
    """Return how long a department has: each limit by the narrowest table that names it."""
    fitting = [each for each in limits if each.fits(department, urgency)]
    fitting.sort(key=lambda each: each.precision, reverse=True)
    tables = (*fitting, PACES[urgency])

    def first(name: str) -> float:
        given: Iterable[float | None] = (getattr(each, name) for each in tables)
        return next(seconds for seconds in given if seconds is not None)

    return Pace(sign=first("sign"), arrive=first("arrive"), feed_back=first("feed_back"))


class CaseLimit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit: `name` is sign, arrive or feed_back; `done_at` is None while it is open."""

    name: str
    by: float
    done_at: float | None

    def is_late(self, now: float) -> bool:
        """Tell whether it was kept too late, or has passed."""
        return (now if self.done_at is None else self.done_at) > self.by


def limits_of(case: Case) -> list[CaseLimit]:
    """Return the limits of a department's case in their order; none where none is set.

    Who has arrived has signed, and who has fed back has done all: a step that was left out is
    as good as done with the next one.
    """
    signed = _first(case.signed_at, case.arrived_at, case.fed_back_at)
    rows = (
        ("sign", case.sign_by, signed),
        ("arrive", case.arrive_by, _first(case.arrived_at, case.fed_back_at)),
        ("feed_back", _feed_back_by(case), case.fed_back_at),
    )
    return [
        CaseLimit(name=name, by=by, done_at=done_at) for name, by, done_at in rows if by is not None
    ]


def next_limit(case: Case) -> CaseLimit | None:
    """Return the limit that counts now; None where the work is not the department's any more."""
    if case.state not in AT_WORK:
        return None
    return next((each for each in limits_of(case) if each.done_at is None), None)


def expires_at(case: Case) -> float | None:
    """Return when the next limit passes that has not been told yet; None where none is open."""
    if case.state not in AT_WORK:
        return None
    dues = (each.by for each in limits_of(case) if _is_open(case, each))
    return min(dues, default=None)


def expire(case: Case, now: float) -> tuple[Case, tuple[str, ...]]:
    """Note the limits that have passed, each once, and return their names."""
    if case.state not in AT_WORK:
        return case, ()
    late = tuple(e.name for e in limits_of(case) if _is_open(case, e) and e.by <= now)
    if not late:
        return case, ()
    overdue = (*case.overdue, *late)
    after = msgspec.structs.replace(case, overdue=overdue, revision=case.revision + 1, at=now)
    return after, late


def _is_open(case: Case, limit: CaseLimit) -> bool:
    return limit.done_at is None and limit.name not in case.overdue


def timed(case: Case, after: Case, step: CaseStep, now: float, pace: Pace | None) -> Case:
    """Return a case after a step with the step's instants; `case` is it before."""
    changes: dict[str, Any] = {}
    match step.do:
        case CaseAction.DISPATCH:
            changes = {"given_at": now, "given_by": step.actor, "helps": step.helps, "to": step.to}
            changes |= {
                "signed_at": None,
                "arrived_at": None,
                "fed_back_at": None,
                "extended_until": None,
            }
            changes |= {"asked_until": None, "helpers": (), "overdue": (), **_limits(pace, now)}
        case CaseAction.URGE | CaseAction.SUPERVISE if may_ring(case, step.do, now):
            changes = {"urged_at" if step.do is CaseAction.URGE else "supervised_at": now}
        case CaseAction.DECIDE_EXTENSION if step.granted:
            changes = {"overdue": _without_last(case)}
        case CaseAction.SIGN:
            changes = {"signed_at": step.at}
        case CaseAction.FEED_BACK:
            changes = {"fed_back_at": step.at}
        case CaseAction.RETURN if after.state is CaseState.SENT_BACK and pace:
            done = case.fed_back_at
            changes = {"fed_back_at": None, "extended_until": None}
            changes |= {"signed_at": case.signed_at or done, "arrived_at": case.arrived_at or done}
            changes |= {"feed_back_by": now + pace.feed_back, "overdue": _without_last(case)}
    return msgspec.structs.replace(after, **changes) if changes else after


def _limits(pace: Pace | None, now: float) -> dict[str, float | None]:
    names = ("sign", "arrive", "feed_back")
    return {f"{name}_by": now + getattr(pace, name) if pace else None for name in names}


def _without_last(case: Case) -> tuple[str, ...]:
    """Return what has passed, but for the limit that has just been set anew."""
    return tuple(name for name in case.overdue if name != "feed_back")


def _feed_back_by(case: Case) -> float | None:
    if case.feed_back_by is None or case.extended_until is None:
        return case.feed_back_by
    return max(case.feed_back_by, case.extended_until)


def _first(*instants: float | None) -> float | None:
    return min((each for each in instants if each is not None), default=None)
