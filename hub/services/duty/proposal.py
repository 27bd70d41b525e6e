"""Asking whether a rung beyond the community is called: again and again, and of more people.

Pure, as the climb is. Silence is no consent, unless the rung says after how many askings it is,
and for which faults of life safety.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from hub.model.climb import Climb
from hub.model.journal import Draft
from hub.model.ring import Ring
from hub.model.rung import Rung, is_life_safety
from hub.services.duty.summons import Case, Summons

LEAST_PACE = 600.0
"""Seconds between two askings at least, however soon the rung comes behind the one before it."""
SILENCE = {"zh": "多次询问无人答复", "en": "nobody has answered, however often it was asked"}


class Asking(NamedTuple):
    """A climb whose proposal has been asked, with the rings and the entry that go with it."""

    climb: Climb
    rings: tuple[Ring, ...]
    draft: Draft


def ask(summons: Summons) -> Asking:
    """Ask once more, the second time and later of everybody who may answer."""
    climb, case = summons.climb, summons.case
    count = climb.asked + 1
    rings = summons.propose(count)
    after = msgspec.structs.replace(
        climb,
        proposed=summons.rung.id,
        asked=count,
        asked_at=case.not_before,
        open_rings=tuple(ring.id for ring in rings),
    )
    return Asking(after, rings, summons.draft("ticket.escalation_proposed", asked=count))


def ask_again_at(climb: Climb, case: Case) -> float | None:
    """Return when an open proposal is asked again, at the pace of its rung; None without one."""
    rung = proposed_rung(climb, case)
    return None if rung is None else climb.asked_at + max(rung.after, LEAST_PACE)


def proposed_rung(climb: Climb, case: Case) -> Rung | None:
    """Return the rung that waits for an answer."""
    rungs = case.plan.rungs
    return next((each for each in rungs if climb.proposed and each.id == climb.proposed), None)


def is_consent(climb: Climb, rung: Rung, fault: str) -> bool:
    """Tell whether nobody has answered so often that the site takes it for a yes."""
    listed = fault in rung.silence_for and is_life_safety(fault)
    return listed and 0 < rung.silence <= climb.asked


def follow_clock(climb: Climb, case: Case) -> Climb:
    """Ask at once where a clock that has been set back since has written when it was asked."""
    if climb.asked_at <= case.not_before:
        return climb
    return msgspec.structs.replace(climb, asked_at=0.0)
