"""Where a climb stands on the rungs of its plan, and what calls the next of them."""

from __future__ import annotations

from hub.model.climb import Climb
from hub.model.rung import Trigger
from hub.services.duty.muster import Words
from hub.services.duty.rung import WHY, calling, first_position, position
from hub.services.duty.summons import Case

NEW = {"zh": "新工单", "en": "a new ticket"}


def next_place(climb: Climb, case: Case) -> int:
    """Return the place of the next rung."""
    rungs = case.plan.rungs
    if climb.passed:
        return position(rungs, climb.passed)
    if climb.reviewing:
        return next((i for i, rung in enumerate(rungs) if Trigger.REVIEW in rung.on), 0)
    return first_position(rungs, case.ticket)


def trigger(climb: Climb, case: Case) -> Trigger | None:
    """Return what calls the next rung; the first one of a climb is called by any."""
    place = next_place(climb, case) if climb.passed else 0
    return calling(case.plan.rungs[place:], case.ticket)


def why_next(climb: Climb, case: Case) -> Words:
    """Return why the next rung comes, in both languages."""
    if not (climb.passed or climb.reviewing):
        return WHY[Trigger.REOPENED] if case.ticket.reopened else NEW
    return WHY[trigger(climb, case) or Trigger.OPENED]


def place_of(rung: str, case: Case) -> int | None:
    """Return the place of a rung by its id, None where the plan does not have it (any more)."""
    return next((i for i, each in enumerate(case.plan.rungs) if rung and each.id == rung), None)
