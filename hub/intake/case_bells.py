"""Whom the steps of cases ring: a department that has the work, or the ticket's own rungs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from hub.intake.batch import Batch
from hub.model.case import Case, CaseStep
from hub.model.ring import RINGS, Ring
from hub.model.rung import Duty
from hub.model.ticket import Ticket
from hub.ports import Document
from hub.services.duty.pressing import Pressing
from hub.services.duty.staff import Staff
from hub.services.incidents.department_ring import HELP, REASON, called_late, ring_of, say_late
from hub.services.incidents.pressure import WHY, pressing_of

Press = Callable[[str, Pressing, Batch], Sequence[str]]
"""Presses on a ticket by its number, and returns who is rung to act."""


class CaseBells:
    """Puts the rings of cases into the batch of their reason."""

    def __init__(self, duty: Duty, staff: Staff) -> None:
        self.press_ticket: Press = _nobody
        self.duty = duty
        self._staff = staff

    def hand_over(self, case: Case, ticket: Ticket, batch: Batch) -> None:
        """Ring a department that was handed work."""
        self._ring(case, ticket, HELP if case.helps else REASON, [case.receiver], batch)

    def press(
        self, case: Case, step: CaseStep, ticket: Ticket, batch: Batch, *, at_work: bool
    ) -> Sequence[str]:
        """Ring the department where it is `at_work`, and else by the ticket's rungs; say whom."""
        if at_work:
            return self._ring(case, ticket, WHY[step.do], [case.receiver], batch)
        return self.press_ticket(ticket.number, pressing_of(case, step), batch)

    def tell_late(self, case: Case, limit: str, ticket: Ticket, batch: Batch) -> Sequence[str]:
        """Ring the department whose limit has passed, and leaders; say whom."""
        people = called_late(case, limit, self._staff.muster(batch.now), ticket.place)
        return self._ring(case, ticket, say_late(case, limit), people, batch)

    def _ring(
        self,
        case: Case,
        ticket: Ticket,
        reason: dict[str, str],
        people: Iterable[str],
        batch: Batch,
    ) -> Sequence[str]:
        found = [*people]
        for person in found:
            _keep(batch, ring_of(case, ticket, self.duty, batch.now, reason=reason, person=person))
        return found


def _nobody(_number: str, _pressing: Pressing, _batch: Batch) -> Sequence[str]:
    """Ring nobody."""
    return ()


def _keep(batch: Batch, ring: Ring) -> None:
    body = msgspec.json.encode(ring)
    batch.changes.documents.append(Document(collection=RINGS, key=ring.id, body=body, at=batch.now))
