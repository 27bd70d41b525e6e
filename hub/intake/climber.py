"""Lets tickets climb: looks at those that a batch has changed, and at those whose time has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.access.record import PEOPLE, Person
from hub.intake.batch import Batch
from hub.model.access import Identity
from hub.model.alarm import ReportWhen
from hub.model.climb import CLIMBS, ROTA, TURNS, Climb
from hub.model.journal import Draft
from hub.model.ring import RINGS
from hub.model.roster import SUBSTITUTES, Substitute
from hub.model.rung import Duty
from hub.model.ticket import Ticket, TicketState
from hub.ports import Books, Document
from hub.services.duty.climb import Move
from hub.services.duty.escalation import Escalation
from hub.services.duty.pressing import Pressing
from hub.services.duty.rota import Rota, count_loads
from hub.services.duty.staff import Staff
from hub.services.tickets.desk_index import DeskIndex
from hub.services.tickets.ticket import record

ESCALATED = "ticket.escalated"
BY_ROTA = "hub:rota"
"""Who dispatches where the plan leaves it to the rota."""
Decide = Callable[[Ticket, float], Move | None]
Call = Callable[[Ticket, Iterable[str], Batch], None]
"""Is told whom a rung has called."""


class DutyNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the site's file says, and the stored collections: people, substitutes, climbs, turns."""

    duty: Duty = Duty(plans=())
    people: Mapping[str, bytes] = {}
    substitutes: Mapping[str, bytes] = {}
    climbs: Mapping[str, bytes] = {}
    turns: bytes | None = None


async def read_duty_needs(duty: Duty, books: Books) -> DutyNeeds:
    """Collect what is stored."""
    return DutyNeeds(
        duty=duty,
        people=await books.documents(PEOPLE),
        substitutes=await books.documents(SUBSTITUTES),
        climbs=await books.documents(CLIMBS),
        turns=await books.document(ROTA, TURNS),
    )


class Climber:
    """Puts what escalation decides into the batch of its reason."""

    def __init__(self, needs: DutyNeeds, index: DeskIndex) -> None:
        found = (_identity(body) for body in needs.people.values())
        substitutes = (_substitute(body) for body in needs.substitutes.values())
        people = [each for each in found if each is not None]
        climbs = [msgspec.json.decode(body, type=Climb) for body in needs.climbs.values()]
        self.staff = Staff(needs.duty, people, substitutes)
        self.escalation = Escalation(needs.duty, self.staff, climbs, self._rota)
        self._index = index
        self._turns = msgspec.json.decode(needs.turns, type=dict[str, int]) if needs.turns else {}
        self.called: Call = _nobody

    def begin(self, batch: Batch) -> None:
        """Look at everything once after a start: what came due meanwhile comes now."""
        open_ones = [ticket.number for ticket in self._index.open_tickets()]
        self._look([*self.escalation.climbing(), *open_ones], batch)

    def finish(self, batch: Batch) -> None:
        """Look at what the batch has changed, and at what is due."""
        self._learn(batch.changes.documents)
        changed = [ticket.number for ticket in batch.changes.tickets]
        self._look([*changed, *self.escalation.take_due(batch.now)], batch)

    def next_due(self) -> float | None:
        """Return the instant at which the next rung comes."""
        return self.escalation.next_due()

    def decide(self, number: str, batch: Batch, *, agreed: bool, actor: str, reason: str) -> None:
        """Confirm or decline what was proposed for a ticket."""

        def answer(ticket: Ticket, now: float) -> Move:
            return self.escalation.answer(ticket, now, agreed=agreed, actor=actor, reason=reason)

        self._carry_out(number, batch, answer)
        self._look([number], batch)

    def press(self, number: str, pressing: Pressing, batch: Batch) -> Sequence[str]:
        """Press on a ticket from above, and return who is rung to act."""
        people: list[str] = []

        def act(ticket: Ticket, now: float) -> Move | None:
            pressed = self.escalation.press(ticket, now, pressing)
            people.extend(pressed.people if pressed else ())
            return pressed.move if pressed else None

        self._carry_out(number, batch, act)
        return people

    def _look(self, numbers: Iterable[str], batch: Batch) -> None:
        for number in dict.fromkeys(numbers):
            self._carry_out(number, batch, self.escalation.look)

    def _carry_out(self, number: str, batch: Batch, decide: Decide) -> None:
        ticket, before = self._index.ticket(number), self.escalation.climb(number)
        move = decide(ticket, batch.now) if ticket else None
        if move is None:
            self.escalation.forget(number)
            move = Move(climb=None)
        for ring_id in move.withdrawn:
            _keep(batch, RINGS, ring_id, None)
        for ring in move.rings:
            _keep(batch, RINGS, ring.id, ring)
        if move.climb != before:
            _keep(batch, CLIMBS, number, move.climb)
        for draft in move.drafts:
            self._tell(draft, batch)
        if move.given:
            self._give(number, move.given, batch)

    def _rota(self) -> Rota:
        return Rota(loads=count_loads(self._index.open_tickets()), turns=self._turns)

    def _give(self, number: str, login: str, batch: Batch) -> None:
        """Dispatch a ticket to whose turn it is, and note that they had it."""
        ticket = self._index.ticket(number)
        if ticket is None:
            return
        self._turns = self._rota().after(login, self.staff.people)
        _keep(batch, ROTA, TURNS, self._turns)
        team = self.staff.team_of(login, batch.now)
        after = msgspec.structs.replace(
            ticket, state=TicketState.DISPATCHED, holder=login, team=team
        )
        self._record(ticket, after, batch, entry="ticket.dispatched", actor=BY_ROTA, to=login)

    def _tell(self, draft: Draft, batch: Batch) -> None:
        """Write the entry; a ticket that has left its first rung is reported from now on."""
        ticket = self._index.ticket(draft.subject)
        if ticket is None or draft.type != ESCALATED:
            batch.record([draft])
            return
        if draft.data["rung"] == 1:
            batch.record([draft])
        else:
            ticket = self._report(ticket, draft, batch)
        self.called(ticket, draft.data["responsible"], batch)

    def _report(self, ticket: Ticket, draft: Draft, batch: Batch) -> Ticket:
        waits = ticket.report is ReportWhen.ON_ESCALATION
        report = ReportWhen.AT_ONCE if waits else ticket.report
        after = msgspec.structs.replace(ticket, report=report)
        return self._record(ticket, after, batch, entry=draft.type, actor=draft.actor, **draft.data)

    def _record(
        self,
        before: Ticket,
        after: Ticket,
        batch: Batch,
        **words: Any,  # noqa: ANN401 - what an entry says
    ) -> Ticket:
        after, drafts = record(before, after, at=batch.now, **words)
        self._index.put_ticket(after)
        batch.put(tickets=[after])
        batch.record(drafts, tickets=[after])
        return after

    def _learn(self, documents: Iterable[Document]) -> None:
        for paper in documents:
            if paper.collection == PEOPLE:
                self.staff.learn_person(paper.key, _identity(paper.body))
            elif paper.collection == SUBSTITUTES and paper.body is not None:
                self.staff.learn_substitute(_substitute(paper.body))


def _nobody(_ticket: Ticket, _people: Iterable[str], _batch: Batch) -> None:
    """Tell nobody."""


def _keep(
    batch: Batch, collection: str, key: str, thing: msgspec.Struct | dict[str, int] | None
) -> None:
    body = None if thing is None else msgspec.json.encode(thing)
    batch.changes.documents.append(
        Document(collection=collection, key=key, body=body, at=batch.now)
    )


def _identity(body: bytes | None) -> Identity | None:
    person = msgspec.json.decode(body, type=Person) if body else None
    return None if person is None or person.disabled else person.identity()


def _substitute(body: bytes) -> Substitute:
    return msgspec.json.decode(body, type=Substitute)
