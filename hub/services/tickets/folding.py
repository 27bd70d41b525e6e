"""Tickets that people fold into one another, and take apart again: what the other gains or loses.

A folded ticket keeps its number and history; what it waits for is its new ticket's from then on.
"""

from __future__ import annotations

from msgspec.structs import replace

from hub.model.place import contains
from hub.model.ticket import Ticket
from hub.services.alarm import merge_evidence, merge_names
from hub.services.tickets.follow_up import Answer, is_open
from hub.services.tickets.ticket import record
from hub.services.tickets.transition import REPORTED

Both = dict[str, str]


def why_not_into(ticket: Ticket, target: Ticket | None, number: str) -> Both:
    """Return why a ticket cannot be folded into another one; empty where it can."""
    if target is None or not is_open(target) or target.number == ticket.number:
        return {
            "zh": f"没有另一张未办结的工单 {number}",
            "en": f"{number} is no other open ticket; check the number",
        }
    if not is_related(ticket, target):
        return {
            "zh": f"工单 {number} 在别处，与这张无关",
            "en": f"{number} is somewhere else, and has nothing to do with it",
        }
    return {}


def is_related(one: Ticket, other: Ticket) -> bool:
    """Tell whether two tickets are about one device, or places of which one lies in the other."""
    near = contains(one.place, other.place) or contains(other.place, one.place)
    return near or one.subject in {other.subject, *other.children}


def take_in(target: Ticket, folded: Ticket, actor: str, now: float) -> Answer:
    """Give a ticket what was folded into it: alarms, children, evidence, workers, its reporter."""
    listed = () if folded.subject == target.subject else (folded.subject,)
    after = replace(
        target,
        rule=target.rule or folded.rule,
        sign_by=_earlier(target.sign_by, folded.sign_by),
        handle_by=_earlier(target.handle_by, folded.handle_by),
        alarms=merge_names(target.alarms, folded.alarms),
        children=merge_names(target.children, (*listed, *folded.children)),
        folded=merge_names(target.folded, (folded.number, *folded.folded)),
        evidence=merge_evidence(target.evidence, folded.evidence),
        workers=merge_names(target.workers, folded.workers),
        reported=target.reported or folded.reported or folded.source in REPORTED,
    )
    return record(target, after, entry="ticket.updated", actor=actor, at=now, took=folded.number)


def _earlier(*instants: float | None) -> float | None:
    return min((each for each in instants if each is not None), default=None)


def let_go(target: Ticket, child: Ticket, actor: str, now: float) -> Answer:
    """Take from a ticket the alarms and the subject of one that stands alone again."""
    after = replace(
        target,
        alarms=tuple(alarm for alarm in target.alarms if alarm not in child.alarms),
        children=tuple(name for name in target.children if name != child.subject),
        folded=tuple(name for name in target.folded if name != child.number),
    )
    return record(target, after, entry="ticket.updated", actor=actor, at=now, let=child.number)


def has_taken_in(target: Ticket, folded: Ticket) -> bool:
    """Tell whether a person has folded one ticket into this one: its alarms have moved over."""
    return is_open(target) and set(folded.alarms) <= set(target.alarms)
