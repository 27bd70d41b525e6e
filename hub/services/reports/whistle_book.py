"""Reports of people: what they see of a thing, what they say of it, and what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from hub.clock import Clock
from hub.errors import ForbiddenError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.discretion import is_secret, secret_tickets
from hub.model.ticket import Ticket, TicketAction, TicketStep
from hub.model.whistle import (
    KEPT,
    PERSONAL,
    Filed,
    Report,
    Reporter,
    ReportWish,
    Target,
)
from hub.model.window import Window, WindowKind
from hub.ports import Books, Desk, Document, Live
from hub.ports.whistle import Known, Label, Progress, PublicView, Receipt, Said
from hub.services.reports.label_book import LabelBook, path_words
from hub.services.reports.label_code import Codes, tidy_code
from hub.services.reports.report import RESIDENT, offered
from hub.services.reports.report_form import check
from hub.services.reports.report_shelf import ReportShelf
from hub.services.tickets.step_check import why_no_day
from hub.services.tickets.step_table import LEADERS
from hub.services.tickets.ticket import possible_steps
from hub.services.window_book import in_force

SHOWN = 5
"""Known faults on a label's page."""
BEHALF = Role.GRID_WORKER
"""Whose rights a resident's step has: the transition table knows nobody who is not of the staff."""
File = Callable[[ReportWish], Awaitable[Filed]]
"""Has a report take its turn in the one loop."""
Notices = Callable[[], Sequence[Window]]


class WhistleBook:
    """Implements `hub.ports.WhistleOffice`."""

    def __init__(
        self,
        codes: Codes,
        labels: LabelBook,
        *,
        live: Live,
        books: Books,
        desk: Desk,
        file: File,
        notices: Notices,
        clock: Clock,
    ) -> None:
        self.labels = labels
        self._codes = codes
        self._live = live
        self._shelf = ReportShelf(books, codes)
        self._desk = desk
        self._file = file
        self._notices = notices
        self._clock = clock

    def form_key(self) -> str:
        """Return the key of one form."""
        return self._codes.form(self._clock.now())

    def find(self, code: str) -> Target | None:
        """Return what a label's code stands on."""
        return self.labels.find(code)

    def find_subject(self, subject: str) -> Target | None:
        """Return a device by its id, or a place by its path."""
        return self.labels.find_subject(subject)

    def labels_at(self, place: str) -> Sequence[Label]:
        """Return the labels at and below a place."""
        return self.labels.labels(place)

    async def look(self, target: Target) -> PublicView:
        """Return what everybody may see of a thing."""
        known = [await self._known(ticket) for ticket in self._public(target)[:SHOWN]]
        view = self._live.device(target.device) if target.device else None
        notices = in_force(
            self._notices(),
            WindowKind.NOTICE,
            self._clock.now(),
            place=target.place,
            device=view.device if view else None,
        )
        told = tuple((each.text, each.end) for each in notices)
        return PublicView(target=target, known=tuple(known), notices=told)

    async def file(self, said: Said) -> Receipt:
        """File a resident's report, typed into a form that was given out here."""
        if not self._codes.is_form(said.key, self._clock.now()):
            raise InvalidRequestError(
                "the form is too old; send it once more", problems={"key": "too old"}
            )
        if said.join and said.join not in {each.number for each in self._public(said.target)}:
            raise NotFoundError(f"there is no ticket {said.join!r} here", zh="这里没有这张工单。")
        return self._receive(await self._file(self._wish(said, self._codes.report(said.key))))

    async def file_for(self, said: Said, who: Identity) -> Receipt:
        """File what somebody of the staff was told, or has seen."""
        return self._receive(await self._file(self.prepare(said, who)))

    def prepare(self, said: Said, who: Identity) -> ReportWish:
        """Check what somebody of the staff has typed, to be filed with something else."""
        meant = {each.number for each in self.offered(said.target)}
        if not who.may_see(said.target.place) or (said.join and said.join not in meant):
            raise NotFoundError("there is no such place or ticket here", zh="没有这个位置或工单。")
        if said.planned:
            self._check_day(said.planned, who)
        named = msgspec.structs.replace(said, actor=who.name)
        return self._wish(named, self._codes.report(f"{who.name}\n{said.key}"))

    def offered(self, target: Target, category: str = "") -> Sequence[Ticket]:
        """Return open tickets that may be meant, likely ones first; none that is discreet."""
        secret = secret_tickets(self._live.open_alarms())
        found = offered(self._live.open_tickets(), target, category)
        return [each for each in found if not is_secret(each, secret)]

    async def progress(self, number: str, code: str) -> Progress | None:
        """Return a report by its ticket's number and its query code; None where they do not fit."""
        report = await self._shelf.find(number.strip().upper(), tidy_code(code))
        ticket = await self._shelf.follow(report.ticket) if report else None
        if report is None or ticket is None:
            return None
        steps = possible_steps(ticket, BEHALF, actor=RESIDENT, now=self._clock.now())
        where = path_words(report.place, self._live.places())
        may_reopen = TicketAction.REOPEN in steps
        return Progress(report=report, ticket=ticket, where=where, may_reopen=may_reopen)

    async def reopen(self, number: str, code: str) -> Progress:
        """Reopen a closed ticket for who has reported it, within seven days."""
        found = await self.progress(number, code)
        if found is None:
            raise NotFoundError("number and code do not fit", zh="编号和查询码对不上。")
        step = TicketStep(
            do=TicketAction.REOPEN,
            actor=RESIDENT,
            role=BEHALF,
            at=self._clock.now(),
            reason=NOT_REPAIRED,
        )
        ticket = await self._desk.step_ticket(found.ticket.number, step)
        return msgspec.structs.replace(found, ticket=ticket, may_reopen=False)

    async def erase(self, number: str, report: str, who: Identity) -> None:
        """Delete what a report says of its person; that there was one stays."""
        found = await self._shelf.report(report)
        if found is None or found.ticket != number:
            raise NotFoundError(f"there is no report {report!r}", zh="没有这次报修。")
        paper = Document(collection=PERSONAL, key=found.personal_key, body=None)
        told = {"report": report, "place": found.place}
        await self._desk.write([paper], [("report.erased", number, who.name, told)])

    async def count_of(self, number: str) -> int:
        """Return how many have reported a ticket."""
        return (await self._shelf.gathering(number)).count

    async def reports_of(self, number: str) -> Sequence[tuple[Report, Reporter]]:
        """Return the newest reports of a ticket with what is still kept of their people."""
        return await self._shelf.newest(number)

    def _wish(self, said: Said, name: str) -> ReportWish:
        fields = msgspec.structs.asdict(check(said))
        del fields["key"]
        return ReportWish(id=name, **fields)

    def _receive(self, filed: Filed) -> Receipt:
        # Of more reports than are kept the rest are counted, and cannot be asked for.
        code = self._codes.query(filed.report.id) if filed.count <= KEPT else ""
        return Receipt(filed=filed, code=code)

    def _check_day(self, day: str, who: Identity) -> None:
        if who.role not in LEADERS:
            raise ForbiddenError("only a leader plans work for a day", zh="只有经理能定计划日期。")
        if why := why_no_day(day, self._clock.now()):
            raise InvalidRequestError(
                f"planned: {why['en']}",
                problems={"planned": why["en"]},
                zh=f"计划日期：{why['zh']}",
            )

    def _public(self, target: Target) -> Sequence[Ticket]:
        """Return what rules know; what people have said is nobody else's business."""
        return [each for each in self.offered(target) if each.source == "device" or each.alarms]

    async def _known(self, ticket: Ticket) -> Known:
        target = self.labels.find_subject(ticket.subject)
        return Known(
            number=ticket.number,
            texts=ticket.title,
            where=target.name if target else path_words(ticket.place, self._live.places()),
            state=ticket.state.value,
            flags=tuple(each.value for each in ticket.flags),
            by=ticket.finish_by,
            count=await self.count_of(ticket.number),
        )


NOT_REPAIRED = "报修人说没有修好 The person who reported it says that it is not repaired"
