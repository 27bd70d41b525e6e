"""Where reports of people take their turn: one effect for one key, one ticket for one fault."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from hub.errors import ConflictError
from hub.intake.batch import Batch
from hub.model.ticket import Ticket
from hub.model.whistle import KEPT, PERSONAL, Filed, Gathering, Report, ReportWish
from hub.ports import Document
from hub.services.reports.report import (
    describe_opening,
    find_known,
    join_report,
    open_reported,
    write_report,
)
from hub.services.tickets.deadline import Timing, renew_limits
from hub.services.tickets.desk_book import DeskBook
from hub.services.tickets.follow_up import Answer
from hub.services.tickets.part import Told

REPORTS, GATHERINGS = "report", "gathering"
"""The collections of the documents."""
REMEMBERED = 4096
"""Reports that are known by their id before the store has them, and a while longer."""


class ReportRoom:
    """Files reports into the batch that is being prepared."""

    def __init__(self, book: DeskBook, gatherings: Iterable[Gathering] = ()) -> None:
        self._book = book
        self._gatherings = {each.ticket: each for each in gatherings}
        self._recent: OrderedDict[str, Report] = OrderedDict()

    def file(self, wish: ReportWish, batch: Batch, stored: Report | None) -> Filed:
        """File a report; one that was filed before is answered with what became of it.

        `stored` is what the store knew of it. Raises ConflictError where the ticket that is named
        is not open any more.
        """
        known = self._recent.get(wish.id) or stored
        if known is not None:
            return Filed(report=known, count=self._count(known.ticket), fresh=False)
        ticket = find_known(self._book.index.open_tickets(), wish, batch.now)
        if ticket is None and wish.join:
            raise ConflictError(
                f"ticket {wish.join} is not open any more; report it anew",
                zh=f"工单 {wish.join} 已经办结，请重新报修。",
            )
        joined = ticket is not None
        ticket = ticket or self._open(wish, batch)
        report = write_report(wish, ticket, joined=joined, now=batch.now)
        count = self._gather(ticket.number, report, batch)
        if joined:
            told = join_report(ticket, wish, count=count, now=batch.now)
            batch.follow(self._book.put(told, batch.now))
        batch.changes.documents.extend(_papers(report, wish))
        self._remember(report)
        return Filed(report=report, count=count)

    def forget(self, gone: Collection[str], batch: Batch) -> None:
        """Forget reports that are deleted, by their ids; how many there were stays."""
        for number, before in list(self._gatherings.items()):
            left = tuple(each for each in before.reports if each not in gone)
            moved = tuple(each for each in before.moved if each not in gone)
            if (left, moved) == (before.reports, before.moved):
                continue
            after = msgspec.structs.replace(before, reports=left, moved=moved)
            self._gatherings[number] = after
            if not (left or moved):
                del self._gatherings[number]
            paper = _paper(GATHERINGS, number, after, batch.now)
            body = paper.body if left or moved else None
            batch.changes.documents.append(msgspec.structs.replace(paper, body=body))

    def told(self, ticket: str, stored: Report | None) -> Told | None:
        """Return a report that is this ticket's now, as the store has it, to be split off."""
        before = self._gatherings.get(ticket)
        if stored is None or before is None or stored.id not in before.reports:
            return None
        report = self._recent.get(stored.id) or stored
        return Told(report=report, last=before.count == 1)

    def move(self, report: Report, ticket: str, batch: Batch) -> None:
        """Give a report to the ticket that was made of it; its old number finds it, too."""
        before = self._gatherings[report.ticket]
        left = msgspec.structs.replace(
            before,
            reports=tuple(each for each in before.reports if each != report.id),
            count=before.count - 1,
            moved=(*before.moved, report.id),
        )
        self._gatherings[report.ticket] = left
        batch.changes.documents.append(_paper(GATHERINGS, report.ticket, left, batch.now))
        mine = msgspec.structs.replace(report, ticket=ticket, joined=False)
        self._remember(mine)
        batch.changes.documents.append(_paper(REPORTS, mine.id, mine, mine.at))
        self._gather(ticket, mine, batch)

    def _open(self, wish: ReportWish, batch: Batch) -> Ticket:
        def begin(number: str, *, test: bool, timing: Timing) -> Answer:
            ticket = open_reported(wish, number=number, now=batch.now, test=test)
            ticket = renew_limits(ticket, timing)
            return ticket, [describe_opening(ticket, wish, batch.now)]

        ticket, result = self._book.open_by_hand(begin, batch.now)
        batch.follow(result)
        return ticket

    def _gather(self, ticket: str, report: Report, batch: Batch) -> int:
        before = self._gatherings.get(ticket) or Gathering(ticket=ticket)
        after = msgspec.structs.replace(
            before, reports=(*before.reports, report.id)[:KEPT], count=before.count + 1
        )
        self._gatherings[ticket] = after
        batch.changes.documents.append(_paper(GATHERINGS, ticket, after, batch.now))
        return after.count

    def _count(self, ticket: str) -> int:
        gathering = self._gatherings.get(ticket)
        return gathering.count if gathering else 1

    def _remember(self, report: Report) -> None:
        self._recent[report.id] = report
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)


def read_gatherings(documents: Mapping[str, bytes]) -> list[Gathering]:
    """Read the stored gatherings."""
    return [msgspec.json.decode(body, type=Gathering) for body in documents.values()]


def _papers(report: Report, wish: ReportWish) -> Iterable[Document]:
    yield _paper(REPORTS, report.id, report, report.at)
    if not wish.reporter.is_empty():
        yield Document(
            collection=PERSONAL,
            key=report.personal_key,
            body=msgspec.json.encode(wish.reporter),
            at=report.at,
            personal_at=report.at,
        )


def _paper(collection: str, key: str, thing: msgspec.Struct, at: float) -> Document:
    return Document(collection=collection, key=key, body=msgspec.json.encode(thing), at=at)
