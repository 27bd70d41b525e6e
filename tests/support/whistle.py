"""Offices of reports and photos around the books of a fake community, with the hub's own room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hub.assembly.darkroom import refuse
from hub.clock import Clock
from hub.intake.batch import Batch, Numbering
from hub.intake.report_room import REPORTS, ReportRoom
from hub.model.photo import Picture
from hub.model.whistle import Filed, Report, ReportWish
from hub.model.window import Window
from hub.ports import Live, Snapshot
from hub.services.reports.label_book import LabelBook
from hub.services.reports.label_code import Codes
from hub.services.reports.photo_book import RESERVE, PhotoBook, Room
from hub.services.reports.picture import RefusedPictureError, develop
from hub.services.reports.whistle_book import WhistleBook
from hub.services.tickets.desk_book import DeskBook

CODES = Codes(b"a secret of the tests")
ROOM = Room(each=3, total=10_000_000, free=lambda: 2 * RESERVE)
EMPTY = Snapshot(
    points=[],
    cursors=[],
    heard=[],
    states=[],
    alarms=[],
    tickets=[],
    commands=[],
    last_seq=0,
    last_ticket={},
)


class Filing:
    """Files reports as the one loop does, into books that are dictionaries."""

    def __init__(self, books: Any, clock: Clock) -> None:  # noqa: ANN401 - a fake
        self.notices: list[Window] = []
        self._books = books
        self._clock = clock
        self.desk_book = DeskBook(EMPTY, prefix="GS")
        self.room = ReportRoom(self.desk_book)

    async def file(self, wish: ReportWish) -> Filed:
        """File one, and write at once what follows."""
        body = self._books.papers.get((REPORTS, wish.id))
        stored = msgspec.json.decode(body, type=Report) if body else None
        filed: Filed = await self.perform(lambda batch: self.room.file(wish, batch, stored))
        return filed

    async def perform(self, act: Callable[[Batch], Any]) -> Any:  # noqa: ANN401 - any answer
        """Do something in a batch of its own, and write at once what follows."""
        for ticket in self._books.ticket_by_number.values():
            self.desk_book.index.put_ticket(ticket)
        last = self._books.entries[-1].seq if self._books.entries else 0
        batch = Batch(now=self._clock.now(), numbering=Numbering(last), project=lambda *_: None)
        answer = act(batch)
        self._write(batch)
        return answer

    def _write(self, batch: Batch) -> None:
        self._books.entries += batch.changes.journal
        for ticket in batch.changes.tickets:
            self._books.ticket_by_number[ticket.number] = ticket
        for paper in batch.changes.documents:
            self._books.papers[paper.collection, paper.key] = paper.body or b""


def make_whistle(
    live: Live,
    books: Any,  # noqa: ANN401 - a fake
    desk: Any,  # noqa: ANN401 - a fake
    clock: Clock,
    filing: Filing | None = None,
) -> WhistleBook:
    """Make the office of reports for a fake community."""
    filing = filing or Filing(books, clock)
    devices = [view.device for view in live.devices()]
    return WhistleBook(
        CODES,
        LabelBook(CODES, devices, live.places()),
        live=live,
        books=books,
        desk=desk,
        file=filing.file,
        notices=lambda: filing.notices,
        clock=clock,
    )


def make_photos(books: Any, desk: Any, clock: Clock, room: Room = ROOM) -> PhotoBook:  # noqa: ANN401 - fakes
    """Make the office of photos; they are drawn in this process."""
    return PhotoBook({}, develop=draw, room=room, books=books, desk=desk, clock=clock)


async def draw(data: bytes) -> Picture:
    """Draw a photo anew, or refuse it as the darkroom does."""
    try:
        return develop(data)
    except RefusedPictureError as error:
        raise refuse(error.fault) from error
