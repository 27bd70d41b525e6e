"""A roster book without a hub, and an office of escalations that says what it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.clock import Clock
from hub.errors import ConflictError
from hub.model.access import Identity
from hub.model.climb import Outlook
from hub.model.roster import Substitute, Turn
from hub.model.rung import Duty
from hub.model.ticket import Ticket
from hub.ports import Document
from hub.services.duty.roster_book import RosterBook, Write
from hub.services.duty.staff import Staff
from tests.support.duty import identities, roster, shift

CREW = roster("crew", shift("li", "wang", start=8, end=18, turn=Turn.DAY, first=20_000))
"""By day one of two; nobody at night."""


def make_rosters(clock: Clock, write: Write) -> RosterBook:
    """Make a book of one roster; a substitute counts once it is written."""
    staff = Staff(Duty(plans=(), rosters={"crew": CREW}), identities().values())

    async def learn(
        documents: Sequence[Document], entries: Sequence[tuple[str, str, str, dict[str, Any]]]
    ) -> None:
        await write(documents, entries)
        for paper in documents:
            staff.learn_substitute(msgspec.json.decode(paper.body or b"", type=Substitute))

    return RosterBook(staff, write=learn, clock=clock)


class FakeEscalation:
    """Implements `hub.ports.EscalationOffice` over what a test puts in."""

    def __init__(self) -> None:
        self.outlooks: dict[str, Outlook] = {}
        self.waiting: list[Ticket] = []
        self.decided: list[tuple[str, str, bool, str]] = []

    def outlook(self, ticket: Ticket) -> Outlook | None:
        """Return what was put in."""
        return self.outlooks.get(ticket.number)

    def proposals(self, who: Identity) -> Sequence[Ticket]:
        """Return what was put in and this person may see."""
        return [ticket for ticket in self.waiting if who.may_see(ticket.place)]

    async def decide(
        self, ticket: Ticket, who: Identity, *, agreed: bool, reason: str
    ) -> Outlook | None:
        """Note it; ConflictError where nothing waits."""
        if ticket not in self.waiting:
            raise ConflictError("nothing waits", zh="没有待确认的上报。")
        self.waiting.remove(ticket)
        self.decided.append((ticket.number, who.name, agreed, reason))
        return self.outlook(ticket)
