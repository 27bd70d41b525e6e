"""What is open, or closed not long ago, found by id, by subject and by fault; in memory only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

from hub.model.alarm import Alarm, AlarmState
from hub.model.ticket import Ticket, TicketState
from hub.services.tickets.deadline import look_again_at, next_limit

KEEP_CLOSED = 25 * 3600.0
"""Seconds for which a closed ticket stays at hand: a raise within 24 h reopens it."""

_ENDED = frozenset({TicketState.CLOSED, TicketState.VOIDED})


class DeskIndex:
    """Holds the latest version of each alarm that is not cleared and of each ticket at hand."""

    def __init__(self, alarms: Iterable[Alarm], tickets: Iterable[Ticket]) -> None:
        self._alarms: dict[str, Alarm] = {}
        self._by_subject: dict[str, dict[str, Alarm]] = {}
        self._open: dict[str, Ticket] = {}
        self._ended: dict[str, Ticket] = {}
        self._by_fault: dict[tuple[str, str], str] = {}
        self._at_work: dict[str, dict[str, Ticket]] = {}
        self._next_limit = inf
        self._look_again: dict[str, float] = {}
        for alarm in alarms:
            self.put_alarm(alarm)
        for ticket in sorted(tickets, key=lambda each: each.closed_at or 0.0):
            self.put_ticket(ticket)

    def alarm(self, alarm_id: str) -> Alarm | None:
        """Return an alarm that is not cleared."""
        return self._alarms.get(alarm_id)

    def open_alarms(self) -> Sequence[Alarm]:
        """Return every alarm that is not cleared."""
        return list(self._alarms.values())

    def alarms_on(self, uid: str) -> Sequence[Alarm]:
        """Return the subject's alarms that are not cleared."""
        return list(self._by_subject.get(uid, {}).values())

    def find_alarm(self, uid: str, rule: str) -> Alarm | None:
        """Return the subject's alarm under that rule, while it is not cleared."""
        return self._by_subject.get(uid, {}).get(rule)

    def put_alarm(self, alarm: Alarm) -> None:
        """Take over a version; a cleared alarm is forgotten."""
        on_subject = self._by_subject.setdefault(alarm.uid, {})
        if alarm.state is not AlarmState.CLEARED:
            self._alarms[alarm.id] = on_subject[alarm.rule] = alarm
            return
        self._alarms.pop(alarm.id, None)
        on_subject.pop(alarm.rule, None)
        if not on_subject:
            del self._by_subject[alarm.uid]

    def ticket(self, number: str) -> Ticket | None:
        """Return a ticket that is at hand."""
        return self._open.get(number) or self._ended.get(number)

    def find_ticket(self, uid: str, fault: str) -> Ticket | None:
        """Return the open ticket of this fault, or else the one that was at hand last."""
        return self.ticket(self._by_fault.get((uid, fault), ""))

    def open_tickets(self) -> Sequence[Ticket]:
        """Return the tickets that are neither closed nor voided."""
        return list(self._open.values())

    def at_work_on(self, uid: str) -> Sequence[Ticket]:
        """Return the subject's tickets whose holder has arrived, and works: it does not wait."""
        return list(self._at_work.get(uid, {}).values())

    def open_alarms_of(self, ticket: Ticket) -> Sequence[Alarm]:
        """Return the ticket's alarms that are not cleared."""
        return [alarm for each in ticket.alarms if (alarm := self._alarms.get(each))]

    def put_ticket(self, ticket: Ticket) -> None:
        """Take over a version; an open ticket is found by its fault before any closed one."""
        key = (ticket.uid, ticket.fault)
        self._note_work(ticket)
        if ticket.state in _ENDED:
            self._open.pop(ticket.number, None)
            if (due := look_again_at(ticket)) is not None:
                self._look_again[ticket.number] = due
            self._ended[ticket.number] = ticket
            if self._by_fault.get(key) not in self._open:
                self._by_fault[key] = ticket.number
            return
        self._ended.pop(ticket.number, None)
        self._look_again.pop(ticket.number, None)
        self._open[ticket.number] = ticket
        self._by_fault[key] = ticket.number
        limit = next_limit(ticket)
        self._next_limit = min(self._next_limit, inf if limit is None else limit)

    def _note_work(self, ticket: Ticket) -> None:
        if ticket.state is TicketState.ARRIVED and not (ticket.waiting or ticket.shelf):
            self._at_work.setdefault(ticket.uid, {})[ticket.number] = ticket
        elif working := self._at_work.get(ticket.uid):
            working.pop(ticket.number, None)
            if not working:
                del self._at_work[ticket.uid]

    def take_due(self, now: float) -> Sequence[Ticket]:
        """Return the open tickets if one of them may have run over a limit, else nothing."""
        if now < self._next_limit:
            return ()
        limits = (next_limit(ticket) for ticket in self._open.values())
        self._next_limit = min((by for by in limits if by is not None and by > now), default=inf)
        return self.open_tickets()

    def take_unrepaired(self, now: float) -> Sequence[tuple[Ticket, Sequence[Alarm]]]:
        """Return tickets closed an hour ago whose fault is still there, with its alarms; once.

        What a gate holds is looked at when it does so no more.
        """
        due = [number for number, at in self._look_again.items() if at <= now]
        found = []
        for number in due:
            ticket = self._ended.get(number)
            alarms = self.open_alarms_of(ticket) if ticket else ()
            if any(alarm.held_by for alarm in alarms):
                continue
            del self._look_again[number]
            if ticket and (raised := [alarm for alarm in alarms if _counts(alarm)]):
                found.append((ticket, raised))
        return found

    def forget(self, now: float) -> None:
        """Drop what was closed long ago."""
        old = []
        for ticket in self._ended.values():
            if (ticket.closed_at or 0.0) + KEEP_CLOSED > now:
                break
            old.append(ticket)
        for ticket in old:
            del self._ended[ticket.number]
            if self._by_fault.get((ticket.uid, ticket.fault)) == ticket.number:
                del self._by_fault[ticket.uid, ticket.fault]


def _counts(alarm: Alarm) -> bool:
    return alarm.state is AlarmState.RAISED and not alarm.explained_by
