"""An alarm's life under its rule: raised, said again, changed, explained, cleared.

Pure: what was and what is decided go in, the next alarm and its journal draft come out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.model.alarm import Alarm, AlarmState, Decision, Evidence
from hub.model.device import Device
from hub.model.journal import Draft
from hub.services.difference import find_changes, spell_out

EVIDENCE_LIMIT = 20
"""Readings kept with an alarm or ticket: the first that raised it, and the newest."""


def raise_alarm(
    decision: Decision,
    *,
    alarm_id: str,
    device: Device | None,
    suppressed: bool = False,
    ticket: str = "",
) -> Alarm:
    """Make the alarm of a raise; `device` is None where the subject is a place."""
    return Alarm(
        id=alarm_id,
        subject=device.id if device else decision.subject,
        uid=decision.subject,
        place=device.place if device else decision.subject,
        rule=decision.rule,
        fault=decision.fault,
        name=decision.name,
        severity=decision.severity,
        state=AlarmState.SUPPRESSED if suppressed else AlarmState.RAISED,
        raised_at=decision.at,
        reason=decision.reason,
        evidence=decision.evidence,
        children=decision.children,
        discreet=decision.discreet,
        ticket=ticket,
    )


def repeat_alarm(alarm: Alarm, decision: Decision) -> Alarm:
    """Add a second raise's evidence and children to an open alarm."""
    return msgspec.structs.replace(
        alarm,
        evidence=merge_evidence(alarm.evidence, decision.evidence),
        children=merge_names(alarm.children, decision.children),
    )


def change_alarm(alarm: Alarm, decision: Decision) -> Alarm:
    """Give an open alarm the severity, reason, evidence and children of a change."""
    return msgspec.structs.replace(
        repeat_alarm(alarm, decision),
        severity=decision.severity,
        reason=decision.reason or alarm.reason,
        discreet=decision.discreet,
    )


def clear_alarm(alarm: Alarm, decision: Decision) -> Alarm:
    """End an alarm at the instant of the decision, never before it began."""
    return msgspec.structs.replace(
        alarm, state=AlarmState.CLEARED, cleared_at=max(decision.at, alarm.raised_at)
    )


def explain_alarm(alarm: Alarm, root: Alarm) -> Alarm:
    """Mark an alarm as explained by a root fault; it goes on living under its rule."""
    return msgspec.structs.replace(alarm, explained_by=root.id)


def hold_alarm(alarm: Alarm, gate: str) -> Alarm:
    """Mark an alarm that was told as held by a gate; without one take the mark back."""
    state = AlarmState.SUPPRESSED if gate else AlarmState.RAISED
    return msgspec.structs.replace(alarm, state=state, held_by=gate)


def describe_raise(alarm: Alarm, decision: Decision, now: float) -> Draft:
    """Write the draft of a raise (also of a suppressed one, or of a rule on trial)."""
    data = spell_out(alarm)
    if alarm.state is AlarmState.RAISED:
        return _draft(alarm, "alarm.raised", now, {**data, "tell": list(decision.tell)})
    return _draft(alarm, "alarm.suppressed", now, {**data, "trial": decision.trial})


def describe_change(before: Alarm, after: Alarm, now: float) -> Draft:
    """Write the draft of a change: the new values of what is different, and the reason."""
    data = {"rule": after.rule, "id": after.id, **_discretion(after)}
    data |= find_changes(before, after)
    return _draft(after, "alarm.changed", now, data)


def describe_clear(alarm: Alarm, decision: Decision, now: float) -> Draft:
    """Write the draft of a clear."""
    data = {
        "id": alarm.id,
        "rule": alarm.rule,
        "fault": alarm.fault,
        "severity": alarm.severity.value,
        "cleared_at": alarm.cleared_at,
        "reason": decision.reason,
        "ticket": alarm.ticket,
        **_discretion(alarm),
    }
    return _draft(alarm, "alarm.cleared", now, data, actor=decision.by)


def merge_evidence(old: tuple[Evidence, ...], new: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Append what is new; beyond the limit the middle goes, never what came first."""
    merged = (*old, *(each for each in new if each not in old))
    if len(merged) <= EVIDENCE_LIMIT:
        return merged
    half = EVIDENCE_LIMIT // 2
    return (*merged[:half], *merged[-half:])


def merge_names(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    """Append the names that are new, in order."""
    if all(name in old for name in new):
        return old
    return tuple(dict.fromkeys((*old, *new)))


def _discretion(alarm: Alarm) -> dict[str, Any]:
    """Mark entries of an alarm that must stay off every wall; readers look for it."""
    return {"discreet": True} if alarm.discreet else {}


def _draft(alarm: Alarm, kind: str, now: float, data: dict[str, Any], *, actor: str = "") -> Draft:
    return Draft(
        at=now,
        type=kind,
        subject=alarm.subject,
        actor=actor or f"rule:{alarm.rule}",
        place=alarm.place,
        data=data,
    )
