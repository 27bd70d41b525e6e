"""What alarms do to tickets that exist: join, urge, recover, come back, be folded into a root's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from hub.model.alarm import Alarm, Decision, Severity, TicketSpec, Urgency
from hub.model.journal import Draft
from hub.model.ticket import Ticket, TicketFlag, TicketState
from hub.services.alarm import merge_evidence, merge_names
from hub.services.tickets.afresh import end_pause
from hub.services.tickets.deadline import ALWAYS, Timing, renew_limits
from hub.services.tickets.ticket import record, reopen

REOPEN_WITHIN = 24 * 3600.0
"""Seconds after closing in which a new raise of the same fault reopens the old number."""

_ENDED = frozenset({TicketState.CLOSED, TicketState.VOIDED})
_SEVERITIES = list(Severity)
_URGENCIES = list(Urgency)

STILL_THERE = {
    "zh": "办结一小时后故障仍在",
    "en": "It is still there an hour after the ticket was closed",
}

Answer = tuple[Ticket, list[Draft]]


def is_open(ticket: Ticket) -> bool:
    """Tell whether the ticket is neither closed nor voided."""
    return ticket.state not in _ENDED


def comes_back(ticket: Ticket, now: float) -> bool:
    """Tell whether a new raise of its fault reopens this ticket."""
    closed = ticket.state is TicketState.CLOSED and ticket.closed_at is not None
    return closed and now <= (ticket.closed_at or 0.0) + REOPEN_WITHIN


def join(
    ticket: Ticket, alarm_id: str, decision: Decision, now: float, timing: Timing = ALWAYS
) -> Answer:
    """Add an alarm of the same fault to an open ticket; what is worse or more urgent counts.

    A ticket that a person has opened is the rule's from then on, too: figures by rule count it.
    """
    spec = _spec(ticket, decision)
    after = msgspec.structs.replace(
        ticket,
        severity=min(ticket.severity, decision.severity, key=_SEVERITIES.index),
        urgency=min(ticket.urgency, spec.urgency, key=_URGENCIES.index),
        flags=_without_recovered(ticket),
        rule=ticket.rule or decision.rule,
        **_merged(ticket, alarm_id, decision),
    )
    after = _renewed(ticket, after, timing)
    return _unless_same(ticket, after, "ticket.updated", decision, now)


def come_back(
    ticket: Ticket, alarm_id: str, decision: Decision, now: float, timing: Timing = ALWAYS
) -> Answer:
    """Reopen a closed ticket because its fault is there again (or is no longer explained)."""
    spec = decision.ticket or TicketSpec()
    after = msgspec.structs.replace(
        ticket,
        severity=decision.severity,
        urgency=spec.urgency,
        class_=spec.class_,
        rule=ticket.rule or decision.rule,
        **_merged(ticket, alarm_id, decision),
    )
    return record(
        ticket,
        reopen(after, now, timing),
        entry="ticket.reopened",
        actor=f"rule:{decision.rule}",
        at=now,
        reason=decision.reason,
    )


def reopen_unrepaired(
    ticket: Ticket, alarms: Sequence[Alarm], now: float, timing: Timing = ALWAYS
) -> Answer:
    """Reopen a ticket whose fault has outlived its closing by an hour, with a note that says so."""
    worst = min((alarm.severity for alarm in alarms), key=_SEVERITIES.index)
    return record(
        ticket,
        reopen(msgspec.structs.replace(ticket, severity=worst), now, timing),
        entry="ticket.reopened",
        actor=f"rule:{alarms[0].rule}",
        at=now,
        reason=STILL_THERE,
    )


def change(
    ticket: Ticket,
    alarms: Iterable[Alarm],
    decision: Decision,
    now: float,
    timing: Timing = ALWAYS,
) -> Answer:
    """Give an open ticket a changed rule's urgency and class, and its alarms' worst severity."""
    spec = _spec(ticket, decision)
    severities = [decision.severity, *(alarm.severity for alarm in alarms)]
    after = msgspec.structs.replace(
        ticket,
        severity=min(severities, key=_SEVERITIES.index),
        urgency=spec.urgency,
        class_=spec.class_,
        children=merge_names(ticket.children, decision.children),
        evidence=merge_evidence(ticket.evidence, decision.evidence),
        **_audience(ticket, decision),
    )
    after = _renewed(ticket, after, timing)
    return _unless_same(ticket, after, "ticket.updated", decision, now)


def recover(ticket: Ticket, rule: str, now: float) -> Answer:
    """Flag an open ticket whose last alarm has cleared; a person still looks."""
    if not is_open(ticket) or TicketFlag.RECOVERED in ticket.flags:
        return ticket, []
    after = msgspec.structs.replace(ticket, flags=(*ticket.flags, TicketFlag.RECOVERED))
    return record(ticket, after, entry="ticket.recovered", actor=f"rule:{rule}", at=now)


def add_children(
    ticket: Ticket, names: tuple[str, ...], rule: str, now: float, *, owed: bool = False
) -> Answer:
    """List subjects that the ticket's fault explains; `owed` is a call to who has reported one."""
    after = msgspec.structs.replace(
        ticket,
        children=merge_names(ticket.children, names),
        reported=ticket.reported or owed,
    )
    if after == ticket:
        return ticket, []
    return record(ticket, after, entry="ticket.updated", actor=f"rule:{rule}", at=now)


def merge(ticket: Ticket, into: str, rule: str, now: float) -> Answer:
    """Close a ticket as part of the root fault's; its bell is taken back by whoever rang it."""
    after = msgspec.structs.replace(
        end_pause(ticket, now), state=TicketState.CLOSED, folded_into=into, closed_at=now
    )
    return record(ticket, after, entry="ticket.merged", actor=f"rule:{rule}", at=now)


def _spec(ticket: Ticket, decision: Decision) -> TicketSpec:
    """Return what the rule says of the ticket, unless a person has said it."""
    if decision.ticket is None or ticket.classified_by:
        return TicketSpec(urgency=ticket.urgency, class_=ticket.class_)
    return decision.ticket


def _renewed(before: Ticket, after: Ticket, timing: Timing) -> Ticket:
    """Compute the limits anew where what they follow from has changed."""
    same = (before.urgency, before.class_) == (after.urgency, after.class_)
    return after if same else renew_limits(after, timing)


def _merged(ticket: Ticket, alarm_id: str, decision: Decision) -> dict[str, Any]:
    return {
        "alarms": merge_names(ticket.alarms, (alarm_id,)),
        "children": merge_names(ticket.children, decision.children),
        "evidence": merge_evidence(ticket.evidence, decision.evidence),
        **_audience(ticket, decision),
    }


def _audience(ticket: Ticket, decision: Decision) -> dict[str, Any]:
    """Say who is told, and that what was discreet once stays so."""
    return {
        "tell": merge_names(ticket.tell, decision.tell),
        "discreet": ticket.discreet or decision.discreet,
    }


def _without_recovered(ticket: Ticket) -> tuple[TicketFlag, ...]:
    return tuple(flag for flag in ticket.flags if flag is not TicketFlag.RECOVERED)


def _unless_same(
    ticket: Ticket, after: Ticket, entry: str, decision: Decision, now: float
) -> Answer:
    if after == ticket:
        return ticket, []
    actor = f"rule:{decision.rule}"
    return record(ticket, after, entry=entry, actor=actor, at=now, reason=decision.reason)
