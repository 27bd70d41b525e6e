"""Who may see what is discreet (duress, and whatever a rule says is): one rule for every reader.

Pages, API, feed and bells ask here. A rule's `tell` adds people; it shows nobody what is discreet.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from hub.model.access import Identity, Role
from hub.model.alarm import Alarm
from hub.model.ticket import Ticket

SEES = frozenset({Role.MANAGER, Role.ADMINISTRATOR})
"""Who sees what is discreet."""


def may_see_alarm(who: Identity, alarm: Alarm) -> bool:
    """Tell whether an alarm is theirs to see."""
    return who.may_see(alarm.place) and (not alarm.discreet or who.role in SEES)


def may_see_ticket(who: Identity, ticket: Ticket, secret: Container[str] = ()) -> bool:
    """Tell whether a ticket is theirs to see; `secret` is what `secret_tickets` says.

    A department sees those that it holds; of others it has a case, on a page of its own.
    """
    if who.role is Role.DEPARTMENT and ticket.holder != who.name:
        return False
    return who.may_see(ticket.place) and (who.role in SEES or not is_secret(ticket, secret))


def answers_for(who: Identity, answers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what gates and rules say of a device, to others than leaders without the discreet."""
    return [
        {name: said for name, said in each.items() if name != "discreet"}
        for each in answers
        if who.role in SEES or not each.get("discreet")
    ]


def is_secret(ticket: Ticket, secret: Container[str] = ()) -> bool:
    """Tell whether a ticket is discreet, by itself or since its alarm is."""
    return ticket.discreet or ticket.number in secret


def secret_tickets(alarms: Iterable[Alarm]) -> frozenset[str]:
    """Return the numbers of tickets with a discreet alarm.

    They say so themselves, but for those that were opened before tickets could.
    """
    return frozenset(alarm.ticket for alarm in alarms if alarm.discreet and alarm.ticket)
