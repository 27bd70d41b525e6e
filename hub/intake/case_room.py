"""Where steps of receivers take their turn: the case changes, and the ticket never does."""

from __future__ import annotations

import msgspec

from hub.errors import NotFoundError
from hub.intake.batch import Batch
from hub.model.alarm import ReportWhen
from hub.model.case import CASES, CaseOutcome, CaseStep
from hub.ports import Document
from hub.services.incidents.case_book import CaseBook
from hub.services.incidents.case_step import check_decider, take_step
from hub.services.tickets.desk_index import DeskIndex


class CaseRoom:
    """Puts the steps of cases into the batch that is being prepared."""

    def __init__(self, index: DeskIndex, cases: CaseBook) -> None:
        self._index = index
        self._cases = cases

    def act(self, number: str, step: CaseStep, batch: Batch) -> CaseOutcome:
        """Take one step of the incident `number`; raises what `take_step` raises.

        NotFoundError where no such ticket is an incident (yet).
        """
        ticket = self._index.ticket(number)
        if ticket is None or ticket.report is not ReportWhen.AT_ONCE:
            raise NotFoundError(f"There is no incident {number!r}.", zh=f"没有案件 {number}。")
        check_decider(self._cases.find(step.by, number), step)
        before = self._cases.find(step.receiver, number)
        after, draft = take_step(before, step, place=ticket.place, now=batch.now)
        if draft is None:
            return CaseOutcome(case=before, applied=False)
        self._cases.put(after)
        body = msgspec.json.encode(after)
        paper = Document(collection=CASES, key=after.key, body=body, at=batch.now)
        batch.changes.documents.append(paper)
        batch.record([draft], tickets=[ticket])
        return CaseOutcome(case=after, applied=True)
