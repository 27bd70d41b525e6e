"""The desk's book: open alarms and tickets in memory, and what decisions and people do to them.

It runs ahead of the store by the batch that is being prepared, and is rebuilt from a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from hub.errors import NotFoundError
from hub.model.alarm import Action, Alarm, Decision
from hub.model.device import Device
from hub.model.ticket import Ticket, TicketAction, TicketStep
from hub.ports import Snapshot
from hub.services.tickets.consequence import Consequences, Desk, Turn
from hub.services.tickets.deadline import ALWAYS, Timing, due, tell_overdue
from hub.services.tickets.desk_index import DeskIndex
from hub.services.tickets.desk_number import DeskNumbers
from hub.services.tickets.follow_up import Answer, reopen_unrepaired
from hub.services.tickets.part import Told
from hub.services.tickets.splitting import take_apart
from hub.services.tickets.ticket import step
from hub.services.tickets.two_tickets import check_other, follow_other, follow_split


class Begin(Protocol):
    """Begins a ticket under a number; `test` marks it as one of a drill or demo."""

    def __call__(self, number: str, *, test: bool, timing: Timing) -> Answer:
        """Return the ticket with the draft of its opening."""
        ...


class DeskBook:
    """Turns decisions and wishes into changed alarms, tickets and drafts for one commit."""

    def __init__(
        self, snapshot: Snapshot, *, prefix: str, test: bool = False, timing: Timing = ALWAYS
    ) -> None:
        """Restore what is open; `test` marks every ticket of a drill or demo."""
        numbers = DeskNumbers(
            prefix=prefix, last_seq=snapshot.last_seq, last_ticket=snapshot.last_ticket
        )
        self.index = DeskIndex(snapshot.alarms, snapshot.tickets)
        self._desk = Desk(index=self.index, numbers=numbers, devices={}, test=test, timing=timing)

    def set_devices(self, devices: Mapping[str, Device]) -> None:
        """Learn the devices by uid."""
        self._desk.devices = devices

    def set_teams(self, team_of: Callable[[str, float], str]) -> None:
        """Learn who can tell the team of a person at an instant."""
        self._desk.team_of = team_of

    def apply(self, decision: Decision, now: float, *, suppressed: bool = False) -> Consequences:
        """Carry out one decision; `suppressed` says that a gate has answered no."""
        turn = Turn(self._desk, now)
        known = self.index.find_alarm(decision.subject, decision.rule)
        quiet = suppressed or decision.trial
        named = self._name_children(decision)
        if known is None and decision.action is not Action.CLEAR:
            turn.raise_new(named, quiet=quiet)
        elif known and decision.action is Action.CLEAR:
            turn.clear(known, named)
        elif known:
            turn.go_on(known, named, quiet=quiet)
        return turn.result()

    def fold(self, child_id: str, root_id: str, now: float) -> Consequences:
        """Fold one open alarm into another by their ids; see `Turn.fold`."""
        child, root = self._find_alarm(child_id), self._find_alarm(root_id)
        turn = Turn(self._desk, now)
        turn.fold(child, root)
        return turn.result()

    def hold(self, alarm_id: str, gate: str, now: float) -> Consequences:
        """Mark an open alarm as held by a gate, or by none any more; see `Turn.hold`."""
        turn = Turn(self._desk, now)
        turn.hold(self._find_alarm(alarm_id), gate)
        return turn.result()

    def step(
        self, number: str, wish: TicketStep, now: float, part: Told | Alarm | None = None
    ) -> tuple[Ticket, Consequences]:
        """Take a person's step; raises what `ticket.step` raises, or NotFoundError.

        A device is healthy when none of the ticket's alarms is open: a clear waits for the rule's
        release time. A limit that has just passed is told before the step, which may move it.
        `part` is the report, or the cleared alarm, that is to be split off.
        """
        ticket = self._find_ticket(number)
        healthy = not self.index.open_alarms_of(ticket)
        told = tell_overdue(ticket, now)
        latest = told[-1][0] if told else ticket
        split = None
        if wish.do is TicketAction.SPLIT:
            split = take_apart(latest, str(wish.extra.get("part", "")), self._desk, now, part)
        taken = step(
            latest,
            wish,
            healthy=healthy,
            now=now,
            timing=self._desk.timing,
            split=split,
            team_of=lambda login: self._desk.team_of(login, now),
        )
        check_other(self.index, ticket, wish)
        turn = Turn(self._desk, now)
        for answer in (*told, taken):
            turn.put_ticket(answer)
        after = taken[0]
        follow_other(turn, self.index, wish, before=ticket, after=after, now=now)
        if split:
            follow_split(turn, self._desk, split, wish.actor, now)
        return after, turn.result()

    def open_by_hand(self, begin: Begin, now: float) -> tuple[Ticket, Consequences]:
        """Open a ticket that a person asks for, under the next number."""
        turn = Turn(self._desk, now)
        number = self._desk.numbers.next_ticket(now)
        ticket = turn.put_ticket(begin(number, test=self._desk.test, timing=self._desk.timing))
        return ticket, turn.result()

    def put(self, answer: Answer, now: float) -> Consequences:
        """Take over what became of a ticket in people's hands."""
        turn = Turn(self._desk, now)
        turn.put_ticket(answer)
        return turn.result()

    def recall(self, ticket: Ticket) -> None:
        """Take an old ticket from the store to hand, if it is not there already."""
        if self.index.ticket(ticket.number) is None:
            self.index.put_ticket(ticket)

    def run_due(self, now: float) -> Consequences:
        """Tell the limits that have passed, once each, and reopen what was closed unrepaired.

        What closed long ago is forgotten.
        """
        turn = Turn(self._desk, now)
        for answer in due(self.index.take_due(now), now):
            turn.put_ticket(answer)
        for ticket, alarms in self.index.take_unrepaired(now):
            turn.put_ticket(reopen_unrepaired(ticket, alarms, now, self._desk.timing))
        self.index.forget(now)
        return turn.result()

    def _find_ticket(self, number: str) -> Ticket:
        ticket = self.index.ticket(number)
        if ticket is None:
            raise NotFoundError(
                f"there is no ticket {number!r} at hand; check the number",
                zh=f"没有工单 {number}。",
            )
        return ticket

    def _find_alarm(self, alarm_id: str) -> Alarm:
        alarm = self.index.alarm(alarm_id)
        if alarm is None:
            raise NotFoundError(f"there is no open alarm {alarm_id!r}; it may have cleared")
        return alarm

    def _name_children(self, decision: Decision) -> Decision:
        devices = self._desk.devices
        others = (uid for uid in decision.children if uid != decision.subject)
        names = tuple(devices[uid].id if uid in devices else uid for uid in others)
        return msgspec.structs.replace(decision, children=names)
