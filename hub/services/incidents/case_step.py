"""A case's life, one step of its receiver at a time; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.errors import ConflictError, InvalidRequestError
from hub.model.case import Case, CaseAction, CaseStep
from hub.model.instant import to_rfc3339
from hub.model.journal import Draft
from hub.services.incidents.case_limit import Pace, timed
from hub.services.incidents.case_table import CASE_ROWS, NOTES, CaseRow

AHEAD = 300.0
"""Seconds that a receiver's clock may be ahead: a later mark would shut out all that follow."""
OVERDUE = "incident.overdue"
_WORDS = ("reason", "text", "to", "granted")


def possible_actions(case: Case) -> tuple[str, ...]:
    """Return what the receiver can do now, in the order of a case's life."""
    return tuple(
        action.value
        for action in CaseAction
        if (row := CASE_ROWS.get((case.state, action))) and _fits(case, row)
    )


def take_step(
    case: Case, step: CaseStep, *, place: str, now: float, pace: Pace | None = None
) -> tuple[Case, Draft | None]:
    """Take one step; one that is older than the case changes nothing, and has no draft.

    `pace` sets the limits of a department to which the work is handed.

    Raises InvalidRequestError with the fields that are missing or wrong, and ConflictError with
    what is possible.
    """
    if step.at > now + AHEAD:
        raise _wrong("at", f"it lies {step.at - now:.0f} s in the future; look at your clock")
    if _is_late(case, step):
        return case, None
    row = CASE_ROWS.get((case.state, step.do))
    if row is None or not _fits(case, row):
        possible = possible_actions(case)
        raise ConflictError(
            f"incident {case.incident}: {step.do} is not possible while the case is {case.state};"
            f" possible: {', '.join(possible)}",
            possible=possible,
            zh=f"案件 {case.incident}：目前是 {case.state}，不能 {step.do}。",
        )
    for name in row.needs:
        if getattr(step, name) in {"", None}:
            raise _wrong(name, f"{step.do} needs it")
    after = timed(case, _mark(_change(case, step, row), step, row, now), step, now, pace)
    return after, _draft(after, step, row, place=place, now=now)


def check_decider(own: Case, step: CaseStep) -> None:
    """Raise InvalidRequestError where who decides (its case is `own`) is not who dispatched it.

    Only an extension is decided on from above; every other step is the case's own receiver's.
    """
    if not step.by:
        return
    if step.do is not CaseAction.DECIDE_EXTENSION:
        raise _wrong("receiver", f"only {CaseAction.DECIDE_EXTENSION} names another's case")
    if own.to != step.receiver:
        whom = f"it went to {own.to!r}" if own.to else "it went to nobody"
        raise _wrong("receiver", f"you have not dispatched {own.incident} there; {whom}")


def _fits(case: Case, row: CaseRow) -> bool:
    return row.asked is None or row.asked is (case.asked_until is not None)


def _is_late(case: Case, step: CaseStep) -> bool:
    """Tell whether a step is older than the newest, by revisions where both have one, or is it."""
    if step.do in NOTES or step.by:
        return False
    if step.revision is not None and case.their_revision is not None:
        return step.revision <= case.their_revision
    return (step.at, step.do) == (case.their_at, case.last) or step.at < case.their_at


def _change(case: Case, step: CaseStep, row: CaseRow) -> Case:
    changes: dict[str, Any] = {"number": step.number or case.number, "to": step.to or case.to}
    if row.to is not None:
        changes |= {"state": row.to, "reason": step.reason, "asked_until": None}
    match step.do:
        case CaseAction.ARRIVE:
            changes["arrived_at"] = step.at
        case CaseAction.ASK_EXTENSION:
            changes["asked_until"] = step.until
        case CaseAction.DECIDE_EXTENSION:
            until = case.asked_until if step.granted else case.extended_until
            changes |= {"asked_until": None, "extended_until": until}
        case CaseAction.HELP:
            changes |= {"to": case.to, "helpers": (*case.helpers, step.to)}
        case CaseAction.URGE:
            changes["urged"] = case.urged + 1
        case CaseAction.SUPERVISE:
            changes["supervised"] = case.supervised + 1
        case _:
            pass
    return msgspec.structs.replace(case, **changes)


def _mark(case: Case, step: CaseStep, row: CaseRow, now: float) -> Case:
    """Raise the revision; a note, or who decides from above, leaves the receiver's marks alone."""
    case = msgspec.structs.replace(case, revision=case.revision + 1, at=now)
    if row.note or step.by:
        return case
    revision = case.their_revision if step.revision is None else step.revision
    return msgspec.structs.replace(case, their_at=step.at, their_revision=revision, last=step.do)


def overdue_draft(case: Case, limits: Sequence[str], *, place: str, now: float) -> Draft:
    """Return the entry of limits that have passed; `case` is it with them noted."""
    return Draft(
        at=now,
        type=OVERDUE,
        subject=case.incident,
        actor="hub",
        place=place,
        data={
            "receiver": case.receiver,
            "state": case.state.value,
            "number": case.number,
            "revision": case.revision,
            "limits": [*limits],
        },
    )


def _draft(case: Case, step: CaseStep, row: CaseRow, *, place: str, now: float) -> Draft:
    words = {name: word for name in _WORDS if (word := getattr(step, name)) not in {"", None}}
    until = {"until": to_rfc3339(step.until)} if step.until is not None else {}
    return Draft(
        at=now,
        type=row.entry,
        subject=case.incident,
        actor=step.actor or f"key:{step.by or case.receiver}",
        place=place,
        data={
            "receiver": case.receiver,
            "state": case.state.value,
            "number": case.number,
            "revision": case.revision,
            "their_at": to_rfc3339(step.at),
            **words,
            **until,
        },
    )


def _wrong(field: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {why}.", problems={field: why})
