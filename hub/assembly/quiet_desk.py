"""Writes documents into a store whose hub does not run: no rules, no timers, only what is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from hub.clock import Clock
from hub.errors import ConflictError
from hub.intake.batch import Batch, Numbering
from hub.intake.desk import put_papers
from hub.model.access import Identity
from hub.model.alarm import Alarm
from hub.model.case import CaseOutcome, CaseStep
from hub.model.command import Command
from hub.model.ticket import Ticket, TicketStep
from hub.ports import Committer, Document


class QuietDesk:
    """Implements `hub.ports.Desk` for documents; journal numbers go on behind `last_seq`."""

    def __init__(self, committer: Committer, clock: Clock, last_seq: int) -> None:
        self._committer = committer
        self._clock = clock
        self._numbering = Numbering(last_seq)

    async def step_ticket(self, number: str, step: TicketStep) -> Ticket:
        """Raise ConflictError: tickets are the running hub's."""
        _refuse(f"{step.do} {number}")

    async def clear_alarm(self, alarm_id: str, reason: str, who: Identity) -> Alarm:
        """Raise ConflictError: alarms are the running hub's."""
        _refuse(f"{alarm_id}: {reason} ({who.name})")

    async def act_on_incident(self, number: str, step: CaseStep) -> CaseOutcome:
        """Raise ConflictError: cases are the running hub's."""
        _refuse(f"{step.do} {number}")

    async def command(self, device_id: str, do: str, reason: str, who: Identity) -> Command:
        """Raise ConflictError: no order is given without a hub that watches it."""
        _refuse(f"{do} {device_id}: {reason} ({who.name})")

    async def write(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]] = (),
    ) -> None:
        """Store documents with journal entries; StoreError when nothing was written."""
        batch = Batch(now=self._clock.now(), numbering=self._numbering, project=_no_incident)
        put_papers(batch, documents, entries)
        await self._committer.commit(batch.changes)


def _refuse(what: str) -> NoReturn:
    raise ConflictError(f"{what}: not while the hub does not run; start it first")


def _no_incident(*_: object) -> None:
    """Make no feed item: people and keys are no incident's business."""
