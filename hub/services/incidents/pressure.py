"""Pressure from above on a case (催办、督办): how often it rings, and in which words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.model.case import Case, CaseAction, CaseStep
from hub.services.duty.muster import Words
from hub.services.duty.pressing import Pressing

PAUSE = 600.0
"""Seconds after an urging that rang in which another one of the case is only noted."""
WHY: Mapping[CaseAction, Words] = {
    CaseAction.URGE: {"zh": "上级催办", "en": "urged from above"},
    CaseAction.SUPERVISE: {"zh": "上级督办", "en": "supervised from above"},
}
"""The steps that press → the words of their rings."""


def rings_at(case: Case, do: CaseAction) -> float | None:
    """Return when a case was last rung for urging, or for supervising."""
    return case.urged_at if do is CaseAction.URGE else case.supervised_at


def may_ring(case: Case, do: CaseAction, now: float) -> bool:
    """Tell whether this pressing rings; one that follows at once on another is only noted."""
    last = rings_at(case, do)
    return last is None or not 0 <= now - last < PAUSE


def pressing_of(case: Case, step: CaseStep) -> Pressing:
    """Return what a ticket is pressed with; `case` is it after the step."""
    count = case.urged if step.do is CaseAction.URGE else case.supervised
    return Pressing(
        up=step.do is CaseAction.SUPERVISE,
        mark=f"{step.do}{count}.{case.receiver}",
        why=WHY[step.do],
        actor=step.actor or f"key:{step.by or case.receiver}",
    )
