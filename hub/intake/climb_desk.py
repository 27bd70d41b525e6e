"""What people see of escalations, and decide: each decision takes its turn in the one loop."""

from __future__ import annotations

from collections.abc import Sequence

from hub.clock import Clock
from hub.intake.batch import Batch
from hub.intake.climber import Climber
from hub.intake.inbox import BoundedInbox
from hub.model.access import Identity
from hub.model.climb import Outlook
from hub.model.discretion import may_see_ticket
from hub.model.ticket import Ticket
from hub.services.tickets.desk_index import DeskIndex


class ClimbDesk:
    """Implements `hub.ports.EscalationOffice`."""

    def __init__(
        self, climber: Climber, index: DeskIndex, *, inbox: BoundedInbox, clock: Clock
    ) -> None:
        self.staff = climber.staff
        self._climber = climber
        self._index = index
        self._inbox = inbox
        self._clock = clock

    def outlook(self, ticket: Ticket) -> Outlook | None:
        """Return what comes next for a ticket, None where it does not climb."""
        return self._climber.escalation.outlook(ticket, self._clock.now())

    def proposals(self, who: Identity) -> Sequence[Ticket]:
        """Return the tickets that this person may see whose next rung has to be confirmed."""
        escalation = self._climber.escalation
        numbers = (n for n in escalation.climbing() if (c := escalation.climb(n)) and c.proposed)
        found = (self._index.ticket(number) for number in numbers)
        return [each for each in found if each is not None and may_see_ticket(who, each)]

    async def decide(
        self, ticket: Ticket, who: Identity, *, agreed: bool, reason: str
    ) -> Outlook | None:
        """Confirm or decline what was proposed; ConflictError where nothing was."""

        def act(batch: Batch) -> None:
            self._climber.decide(ticket.number, batch, agreed=agreed, actor=who.name, reason=reason)

        await self._inbox.perform(act)
        return self.outlook(ticket)
