"""Who is told of a missed round: the team that was on, and the managers of the place."""

from __future__ import annotations

from collections.abc import Iterator

from hub.model.alarm import Severity
from hub.model.inspection import Round
from hub.model.instant import to_local_text
from hub.model.ring import Concern, Ring
from hub.model.rung import Duty
from hub.services.duty.muster import call_up
from hub.services.duty.staff import Staff
from hub.services.duty.summons import MANAGERS

CONSOLE = ("console",)
NEWS = 86_400.0
"""Seconds after which it is no news any more: the hub was down, and the list has it."""


def tell_missed(
    walk: Round, now: float, *, staff: Staff, duty: Duty, test: bool = False
) -> Iterator[Ring]:
    """Yield a ring for each of them, over the channels of the first rung of the first plan.

    The team is rung where it is a roster of the site; quiet hours hold it back.
    """
    if walk.due_by < now - NEWS:
        return
    muster = staff.muster(now)
    team = call_up([f"roster:{walk.team}"], muster, walk.place).people
    leaders = (call_up([word], muster, walk.place).people for word in MANAGERS)
    managers = next((found for found in leaders if found), ())
    channels = duty.plans[0].rungs[0].channels if duty.plans else CONSOLE
    left, stops, day = len(walk.left), len(walk.stops), to_local_text(walk.due_by)
    for person in dict.fromkeys((*team, *managers)):
        yield Ring(
            id=f"{walk.id}.missed.{person}",
            ticket=walk.id,
            page=f"/rounds/{walk.id}",
            rung=0,
            person=person,
            concern=Concern.INFORMED,
            channels=channels,
            wait=0.0,
            at=now,
            not_before=duty.quiet.until(now),
            severity=Severity.MINOR,
            place=walk.place,
            title={"zh": f"巡查漏查：{walk.title}", "en": f"Round missed: {walk.title}"},
            reason={
                "zh": f"{stops} 站还有 {left} 站没看，{day} 截止",
                "en": f"{left} of {stops} stops were left at {day}",
            },
            test=test,
        )
