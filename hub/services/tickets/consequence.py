"""What follows from one decision: it is carried out here on the desk's index, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from hub.model.alarm import Action, Alarm, AlarmState, Decision
from hub.model.device import Device
from hub.model.journal import Draft
from hub.model.ticket import Ticket, plain_fault
from hub.services.alarm import (
    change_alarm,
    clear_alarm,
    describe_change,
    describe_clear,
    describe_raise,
    explain_alarm,
    hold_alarm,
    merge_names,
    raise_alarm,
    repeat_alarm,
)
from hub.services.tickets import folding, follow_up
from hub.services.tickets.deadline import ALWAYS, Timing
from hub.services.tickets.desk_index import DeskIndex
from hub.services.tickets.desk_number import DeskNumbers
from hub.services.tickets.ticket import describe_opening, open_ticket
from hub.services.tickets.transition import is_reported


class Consequences(msgspec.Struct, kw_only=True):
    """What one or several decisions change, in order; the last version of a thing counts.

    `tickets` holds one version for each `ticket.…` draft, in the same order.
    """

    alarms: list[Alarm] = []
    tickets: list[Ticket] = []
    drafts: list[Draft] = []

    def add(self, other: Consequences) -> None:
        """Append what follows from the next decision."""
        self.alarms.extend(other.alarms)
        self.tickets.extend(other.tickets)
        self.drafts.extend(other.drafts)


class Desk(msgspec.Struct, kw_only=True):
    """What carrying out a decision needs to know: the index, the numbers, the devices by uid.

    `timing` says which limits run in working time, `team_of` who is of which team at an instant.
    """

    index: DeskIndex
    numbers: DeskNumbers
    devices: Mapping[str, Device]
    test: bool = False
    timing: Timing = ALWAYS
    team_of: Callable[[str, float], str] = lambda _login, _at: ""


class Turn:
    """Carries out one decision at one instant and collects what changes."""

    def __init__(self, desk: Desk, now: float) -> None:
        self._desk = desk
        self._index = desk.index
        self._now = now
        self._alarms: dict[str, Alarm] = {}
        self._tickets: list[Ticket] = []
        self._alarm_drafts: list[Draft] = []
        self._ticket_drafts: list[Draft] = []

    def result(self) -> Consequences:
        """Return what has changed; an alarm's entries stand before those of its ticket."""
        return Consequences(
            alarms=list(self._alarms.values()),
            tickets=self._tickets,
            drafts=[*self._alarm_drafts, *self._ticket_drafts],
        )

    def put_ticket(self, answer: follow_up.Answer) -> Ticket:
        """Take over a ticket's next version, unless nothing has changed."""
        ticket, drafts = answer
        if drafts:
            self._index.put_ticket(ticket)
            self._tickets.append(ticket)
            self._ticket_drafts.extend(drafts)
        return ticket

    def raise_new(self, decision: Decision, *, quiet: bool) -> None:
        """Raise an alarm that was not there; `quiet` records it and tells nobody."""
        alarm = raise_alarm(
            decision,
            alarm_id=self._desk.numbers.next_alarm(),
            device=self._desk.devices.get(decision.subject),
            suppressed=quiet,
        )
        self._announce(alarm, decision)

    def go_on(self, known: Alarm, decision: Decision, *, quiet: bool) -> None:
        """Raise again or change an alarm that is there.

        A raise that no gate stops wakes a suppressed alarm, and one whose explanation is gone.
        """
        asleep = known.state is AlarmState.SUPPRESSED or known.explained_by
        if asleep and decision.action is Action.RAISE and not quiet:
            awake = msgspec.structs.replace(
                hold_alarm(change_alarm(known, decision), ""), explained_by=""
            )
            self._announce(awake, decision)
            return
        follow = change_alarm if decision.action is Action.CHANGE else repeat_alarm
        after = follow(known, decision)
        if not quiet and known.state is AlarmState.RAISED and not known.explained_by:
            after = self._follow_ticket(after, decision)
        self.put_changed(known, after)

    def hold(self, known: Alarm, gate: str) -> None:
        """Mark an alarm that was told before a gate closed, or take the mark back; tell nobody."""
        self.put_changed(known, hold_alarm(known, gate))

    def clear(self, known: Alarm, decision: Decision) -> None:
        """Clear an alarm; a ticket none of whose alarms is left is flagged as recovered."""
        cleared = clear_alarm(known, decision)
        self._put_alarm(cleared, describe_clear(cleared, decision, self._now))
        ticket = self._index.ticket(cleared.ticket)
        if ticket and not self._index.open_alarms_of(ticket):
            self.put_ticket(follow_up.recover(ticket, decision.rule, self._now))

    def fold(self, child: Alarm, root: Alarm) -> None:
        """Mark an alarm as explained by a root fault, and close its ticket as merged.

        The root's alarm and ticket list the child, unless both are one device's. A ticket that
        another, unexplained alarm still needs stays open, and so does every ticket while the root
        has none. What a person has taken off the root's ticket stays off it.
        """
        ticket = self._index.ticket(child.ticket)
        if ticket and follow_up.is_open(ticket) and ticket.split_from == root.ticket != "":
            return
        self.put_changed(child, explain_alarm(child, root))
        listed = () if child.uid == root.uid else (child.subject,)
        names = merge_names(root.children, listed)
        self.put_changed(root, msgspec.structs.replace(root, children=names))
        parent = self._index.ticket(root.ticket)
        if parent is None:
            return
        goes = ticket and ticket.number != parent.number and _is_explained(ticket, self._index)
        owed = bool(ticket and goes and is_reported(ticket))
        self.put_ticket(follow_up.add_children(parent, listed, root.rule, self._now, owed=owed))
        if ticket and goes:
            self.put_ticket(follow_up.merge(ticket, parent.number, root.rule, self._now))

    def _announce(self, alarm: Alarm, decision: Decision) -> None:
        if alarm.state is AlarmState.RAISED and decision.ticket:
            alarm = self._attach(alarm, decision)
        self._put_alarm(alarm, describe_raise(alarm, decision, self._now))

    def _follow_ticket(self, alarm: Alarm, decision: Decision) -> Alarm:
        timing = self._desk.timing
        ticket = self._index.ticket(alarm.ticket)
        if alarm.ticket == "" and decision.ticket:
            return self._attach(alarm, decision)
        if ticket is None or not follow_up.is_open(ticket):
            return alarm
        if decision.action is Action.RAISE or alarm.fault != plain_fault(ticket.fault):
            self.put_ticket(follow_up.join(ticket, alarm.id, decision, self._now, timing))
            return alarm
        others = [each for each in self._index.open_alarms_of(ticket) if each.id != alarm.id]
        self.put_ticket(follow_up.change(ticket, others, decision, self._now, timing))
        return alarm

    def _attach(self, alarm: Alarm, decision: Decision) -> Alarm:
        ticket, timing = _ticket_of(alarm, self._index), self._desk.timing
        if ticket and follow_up.is_open(ticket):
            answer = follow_up.join(ticket, alarm.id, decision, self._now, timing)
        elif ticket and follow_up.comes_back(ticket, self._now):
            answer = follow_up.come_back(ticket, alarm.id, decision, self._now, timing)
        else:
            answer = _open_ticket(alarm, decision, self._desk, self._now)
        return msgspec.structs.replace(alarm, ticket=self.put_ticket(answer).number)

    def put_changed(self, before: Alarm, after: Alarm) -> None:
        """Take over an alarm's next version, unless nothing has changed."""
        if after != before:
            self._put_alarm(after, describe_change(before, after, self._now))

    def _put_alarm(self, alarm: Alarm, draft: Draft) -> None:
        """Take over an alarm's version; one that had cleared before is at no desk any more."""
        if alarm.state is not AlarmState.CLEARED or self._index.alarm(alarm.id):
            self._index.put_alarm(alarm)
        self._alarms[alarm.id] = alarm
        self._alarm_drafts.append(draft)


def _ticket_of(alarm: Alarm, index: DeskIndex) -> Ticket | None:
    """Return the ticket of the alarm's fault, or the open one that a person has given it to."""
    own = index.find_ticket(alarm.uid, f"{alarm.fault}/{alarm.rule}")
    if own and follow_up.is_open(own):
        return own
    ticket = index.find_ticket(alarm.uid, alarm.fault)
    target = index.ticket(ticket.folded_into) if ticket else None
    return target if ticket and target and folding.has_taken_in(target, ticket) else ticket


def _is_explained(ticket: Ticket, index: DeskIndex) -> bool:
    alarms = index.open_alarms_of(ticket)
    return follow_up.is_open(ticket) and all(alarm.explained_by for alarm in alarms)


def _open_ticket(alarm: Alarm, decision: Decision, desk: Desk, now: float) -> follow_up.Answer:
    ticket = open_ticket(
        decision,
        alarm_id=alarm.id,
        device=desk.devices.get(alarm.uid),
        place=alarm.place,
        subject_id=alarm.subject,
        number=desk.numbers.next_ticket(now),
        now=now,
        test=desk.test,
        timing=desk.timing,
    )
    return ticket, [describe_opening(ticket, now)]
