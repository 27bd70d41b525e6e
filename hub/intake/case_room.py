"""Where steps of receivers take their turn: the case changes, and the ticket never does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from hub.errors import NotFoundError
from hub.intake.batch import Batch
from hub.intake.case_bells import CaseBells
from hub.intake.case_clock import CaseClock
from hub.model.access import Identity
from hub.model.alarm import ReportWhen
from hub.model.case import CASES, Case, CaseAction, CaseOutcome, CaseStep
from hub.model.rung import Duty
from hub.model.ticket import Ticket
from hub.ports import Document
from hub.services.duty.rung import ENDED
from hub.services.duty.staff import Staff
from hub.services.incidents.case_book import CaseBook
from hub.services.incidents.case_limit import expire, pace_of
from hub.services.incidents.case_step import (
    check_decider,
    overdue_draft,
    possible_actions,
    take_step,
)
from hub.services.incidents.case_table import AT_WORK
from hub.services.incidents.department import PASSED_ON, department_names, passed_on
from hub.services.incidents.pressure import may_ring
from hub.services.tickets.desk_index import DeskIndex

HUB = "hub"
"""Who hands over what escalation has called: it has rung the department itself."""
NO_DUTY = Duty(plans=())
People = Callable[[], Mapping[str, Identity]]
"""Gives those who may sign in, by login."""


class CaseRoom:
    """Puts the steps of cases into the batch that is being prepared."""

    def __init__(
        self,
        index: DeskIndex,
        cases: CaseBook,
        people: People = dict,
        bells: CaseBells | None = None,
    ) -> None:
        self._index = index
        self._cases = cases
        self._people = people
        self._bells = bells or CaseBells(NO_DUTY, Staff(NO_DUTY))
        self._clock = CaseClock(cases.all())

    def act(self, number: str, step: CaseStep, batch: Batch) -> CaseOutcome:
        """Take one step of the incident `number`; raises what `take_step` raises.

        What it hands to a department is in the department's own case, in the same commit.
        NotFoundError where no such ticket is an incident (yet).
        """
        ticket = self._index.ticket(number)
        seen = ticket is not None and (step.actor or ticket.report is ReportWhen.AT_ONCE)
        if ticket is None or ticket.discreet or not seen:
            raise NotFoundError(f"There is no incident {number!r}.", zh=f"没有案件 {number}。")
        check_decider(self._cases.find(step.by, number), step)
        before = self._cases.find(step.receiver, number)
        further = passed_on(before, step, department_names(self._people(), ticket.place))
        reaches = further is not None and self._is_at_work(further.receiver, number)
        outcome = self._take(ticket, step, batch, rings=not reaches)
        if outcome.applied and further is not None:
            self._pass_on(ticket, further, batch)
        return outcome

    def call(self, ticket: Ticket, people: Iterable[str], batch: Batch) -> None:
        """Hand a ticket to those of whom escalation has called that are departments."""
        departments = department_names(self._people(), ticket.place)
        for name in people:
            if name in departments and not ticket.discreet:
                step = CaseStep(
                    do=CaseAction.DISPATCH, receiver=name, at=batch.now, to=name, actor=HUB
                )
                self._pass_on(ticket, step, batch)

    def finish(self, batch: Batch) -> None:
        """Tell the limits that have passed, each once; of a ticket that has ended nobody is told.

        What has changed of a ticket may have brought it back.
        """
        for changed in batch.changes.tickets:
            for case in self._cases.of(changed.number):
                self._clock.set(case)
        for receiver, number in self._clock.take_due(batch.now):
            ticket = self._index.ticket(number)
            if ticket is not None and ticket.state not in ENDED:
                self._expire(self._cases.find(receiver, number), ticket, batch)

    def next_due(self) -> float | None:
        """Return when the next limit of a department passes."""
        return self._clock.next_due()

    def _expire(self, case: Case, ticket: Ticket, batch: Batch) -> None:
        after, limits = expire(case, batch.now)
        if not limits:
            return
        self._keep(after, batch)
        draft = overdue_draft(after, limits, place=ticket.place, now=batch.now)
        draft.data["rung"] = [*self._bells.tell_late(after, limits[-1], ticket, batch)]
        batch.record([draft], tickets=[ticket])

    def _pass_on(self, ticket: Ticket, step: CaseStep, batch: Batch) -> None:
        """Take a step that follows from another one; nothing comes of it where it does not fit."""
        case = self._cases.find(step.receiver, ticket.number)
        has_it = step.do is CaseAction.DISPATCH and case.state in AT_WORK
        if has_it or step.do not in possible_actions(case):
            return
        step = msgspec.structs.replace(step, at=min(max(step.at, case.their_at), batch.now))
        is_theirs = step.do not in PASSED_ON or case.state in AT_WORK
        self._take(ticket, step, batch, rings=is_theirs)

    def _take(self, ticket: Ticket, step: CaseStep, batch: Batch, *, rings: bool) -> CaseOutcome:
        before = self._cases.find(step.receiver, ticket.number)
        is_department = step.receiver in department_names(self._people())
        limits = self._bells.duty.limits
        pace = pace_of(limits, step.receiver, ticket.urgency) if is_department else None
        after, draft = take_step(before, step, place=ticket.place, now=batch.now, pace=pace)
        if draft is None:
            return CaseOutcome(case=before, applied=False)
        self._keep(after, batch)
        if rings and step.do in PASSED_ON and may_ring(before, step.do, batch.now):
            at_work = is_department and after.state in AT_WORK
            rung = self._bells.press(after, step, ticket, batch, at_work=at_work)
            draft.data["rung"] = [*rung]
        batch.record([draft], tickets=[ticket])
        if is_department and step.do is CaseAction.DISPATCH and step.actor != HUB:
            self._bells.hand_over(after, ticket, batch)
        return CaseOutcome(case=after, applied=True)

    def _is_at_work(self, receiver: str, number: str) -> bool:
        return self._cases.find(receiver, number).state in AT_WORK

    def _keep(self, case: Case, batch: Batch) -> None:
        self._cases.put(case)
        self._clock.set(case)
        body = msgspec.json.encode(case)
        paper = Document(collection=CASES, key=case.key, body=body, at=batch.now)
        batch.changes.documents.append(paper)
