"""What people and platforms may do: each wish takes its turn in the one loop."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from hub.errors import NotFoundError
from hub.intake.batch import Batch
from hub.intake.case_room import CaseRoom
from hub.intake.command_room import CommandRoom
from hub.intake.gatehouse import Gatehouse
from hub.intake.inbox import BoundedInbox
from hub.intake.live import LiveState
from hub.intake.report_room import REPORTS, ReportRoom
from hub.intake.rule_room import HandClear, RuleRoom
from hub.model.access import Identity
from hub.model.alarm import Alarm
from hub.model.case import CaseOutcome, CaseStep
from hub.model.command import Command
from hub.model.journal import Draft
from hub.model.ticket import Ticket, TicketAction, TicketStep
from hub.model.whistle import Filed, Report, ReportWish
from hub.model.window import Window
from hub.ports import Books, Document
from hub.services.tickets.cleared import find_cleared
from hub.services.tickets.desk_book import DeskBook
from rules.rule import Rule


class IntakeDesk:
    """Implements `hub.ports.Desk`; a call returns once its effect is in the store."""

    def __init__(
        self,
        *,
        inbox: BoundedInbox,
        book: DeskBook,
        room: CommandRoom,
        rules: RuleRoom,
        reports: ReportRoom,
        cases: CaseRoom,
        gates: Gatehouse,
        live: LiveState,
        books: Books,
    ) -> None:
        self._inbox = inbox
        self._book = book
        self._room = room
        self._rules = rules
        self._reports = reports
        self._cases = cases
        self._gates = gates
        self._live = live
        self._books = books

    async def step_ticket(self, number: str, step: TicketStep) -> Ticket:
        """Take one step of a ticket, or raise ConflictError with the possible ones."""
        stored = await self._books.ticket(number)
        is_split = step.do is TicketAction.SPLIT
        part = str(step.extra.get("part", "")) if is_split else ""
        report = await self._find_report(part) if is_split else None
        cleared = await find_cleared(self._books, part) if is_split else None

        def act(batch: Batch) -> Ticket:
            if stored is not None:
                self._book.recall(stored)
            told = self._reports.told(number, report)
            ticket, result = self._book.step(number, step, batch.now, told or cleared)
            batch.follow(result)
            if told:
                self._reports.move(told.report, ticket.split_off[-1], batch)
            return ticket

        answer: Ticket = await self._inbox.perform(act)
        return answer

    async def act_on_incident(self, number: str, step: CaseStep) -> CaseOutcome:
        """Take one step of a receiver's case, or raise ConflictError with the possible ones."""
        stored = await self._books.ticket(number)

        def act(batch: Batch) -> CaseOutcome:
            if stored is not None:
                self._book.recall(stored)
            return self._cases.act(number, step, batch)

        answer: CaseOutcome = await self._inbox.perform(act)
        return answer

    async def command(self, device_id: str, do: str, reason: str, who: Identity) -> Command:
        """Ask for an order; returns once it is in the journal, before it is sent."""

        def act(batch: Batch) -> Command:
            view = self._live.device(device_id)
            if view is None or not who.may_see(view.device.place):
                raise NotFoundError(f"there is no device {device_id!r}; see /api/v1/devices")
            return self._room.request(view, do, reason=reason, who=who, batch=batch)

        answer: Command = await self._inbox.perform(act, order=True)
        return answer

    async def report(self, wish: ReportWish) -> Filed:
        """File a person's report: it opens a ticket, or joins one; once for each id."""
        stored = await self._find_report(wish.id)
        filed: Filed = await self._inbox.perform(
            lambda batch: self._reports.file(wish, batch, stored)
        )
        return filed

    async def _find_report(self, name: str) -> Report | None:
        body = await self._books.document(REPORTS, name)
        return msgspec.json.decode(body, type=Report) if body else None

    async def forget_reports(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]],
        gone: Collection[str],
    ) -> None:
        """Delete documents of reports, and forget by their ids that they were made."""

        def act(batch: Batch) -> None:
            put_papers(batch, documents, entries)
            self._reports.forget(gone, batch)

        await self._inbox.perform(act)

    async def write(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]] = (),
    ) -> None:
        """Store documents with journal entries (type, subject, actor, data)."""
        await self._inbox.perform(lambda batch: put_papers(batch, documents, entries))

    async def put_windows(
        self,
        windows: Sequence[Window],
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]],
    ) -> None:
        """Have windows count, with documents and journal entries, in one commit."""

        def act(batch: Batch) -> None:
            put_papers(batch, documents, entries)
            self._gates.set_windows(windows)

        await self._inbox.perform(act)

    async def clear_alarm(self, alarm_id: str, reason: str, who: Identity) -> Alarm:
        """Clear an open alarm by hand; see `RuleRoom.clear_by_hand`."""
        wish = HandClear(who=who, reason=reason)
        answer: Alarm = await self._inbox.perform(
            lambda batch: self._rules.clear_by_hand(alarm_id, wish, batch)
        )
        return answer

    async def put_rules(
        self,
        rules: Sequence[Rule],
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]],
    ) -> None:
        """Put rules in force, with documents and journal entries, in one commit."""

        def act(batch: Batch) -> None:
            put_papers(batch, documents, entries)
            self._rules.put_in_force(rules, batch)

        await self._inbox.perform(act)


def put_papers(
    batch: Batch,
    documents: Sequence[Document],
    entries: Sequence[tuple[str, str, str, dict[str, Any]]],
) -> None:
    """Put documents into a batch, with journal entries (type, subject, actor, data)."""
    batch.changes.documents.extend(documents)
    batch.record(
        Draft(
            at=batch.now,
            type=kind,
            subject=subject,
            actor=actor,
            place=str(data.get("place", "")),
            data=data,
        )
        for kind, subject, actor, data in entries
    )
