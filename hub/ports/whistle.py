"""What residents and staff see and do of reports (吹哨)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.ticket import Ticket
from hub.model.whistle import Filed, Hotline, Report, Reporter, ReportWish, Source, Target


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know of a device's open ticket: no names, no words of people."""

    number: str
    texts: dict[str, str]
    where: str
    state: str
    flags: tuple[str, ...]
    by: float | None
    count: int


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A code, and what it stands on."""

    code: str
    target: Target


class PublicView(msgspec.Struct, frozen=True, kw_only=True):
    """What a label's page shows: what is known already, and notices in force."""

    target: Target
    known: tuple[Known, ...]
    notices: tuple[tuple[dict[str, str], float], ...]
    """Text and end of each."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed into a form, about a thing; `key` makes it happen once, `test` is a drill.

    `planned` is a day, such as `2026-12-05`: only a leader plans work.
    """

    key: str
    source: Source
    category: str
    target: Target
    reporter: Reporter = Reporter()
    actor: str = ""
    hotline: Hotline | None = None
    join: str = ""
    apart: bool = False
    test: bool = False
    planned: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What who reported is told: the ticket's number, and the query code (查询码) of the report.

    The code is empty where more have reported it than are kept.
    """

    filed: Filed
    code: str

    @property
    def number(self) -> str:
        """Return the ticket's number."""
        return self.filed.report.ticket


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A report as who made it sees it; `ticket` is the one that its own was folded into."""

    report: Report
    ticket: Ticket
    where: str
    may_reopen: bool


class WhistleOffice(Protocol):
    """Where reports are made and followed; each call is in the store when it returns."""

    def form_key(self) -> str:
        """Return the key of one form."""
        ...

    def find(self, code: str) -> Target | None:
        """Return what a label's code stands on."""
        ...

    def find_subject(self, subject: str) -> Target | None:
        """Return a device by its id, or a place by its path."""
        ...

    def labels_at(self, place: str) -> Sequence[Label]:
        """Return the labels at and below a place."""
        ...

    async def look(self, target: Target) -> PublicView:
        """Return what everybody may see of a thing."""
        ...

    async def file(self, said: Said) -> Receipt:
        """File a resident's report.

        Raises InvalidRequestError for what does not fit, ConflictError where the ticket that is
        meant is not open any more.
        """
        ...

    async def file_for(self, said: Said, who: Identity) -> Receipt:
        """File a call, a finding or what a grid worker has seen, by somebody of the staff."""
        ...

    def prepare(self, said: Said, who: Identity) -> ReportWish:
        """Return what would be filed, for whoever files it with something else.

        Raises what `file_for` raises of what was typed.
        """
        ...

    def offered(self, target: Target, category: str = "") -> Sequence[Ticket]:
        """Return open tickets that may be meant, likely ones first, for staff to choose from."""
        ...

    async def progress(self, number: str, code: str) -> Progress | None:
        """Return a report by its ticket's number and its query code; None where they do not fit."""
        ...

    async def reopen(self, number: str, code: str) -> Progress:
        """Reopen a closed ticket for who has reported it, within seven days.

        Raises NotFoundError where number and code do not fit, ConflictError where it is not closed,
        or was for too long.
        """
        ...

    async def erase(self, number: str, report: str, who: Identity) -> None:
        """Delete what a report says of its person, before its time; NotFoundError without one."""
        ...

    async def count_of(self, number: str) -> int:
        """Return how many have reported a ticket."""
        ...

    async def reports_of(self, number: str) -> Sequence[tuple[Report, Reporter]]:
        """Return the newest reports of a ticket with what is still kept of their people."""
        ...
