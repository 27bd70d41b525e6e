"""What people see and do of rosters, substitutes and escalations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.model.access import Identity
from hub.model.climb import Outlook
from hub.model.roster import OnDuty, Roster, Stretch, Substitute
from hub.model.ticket import Ticket


class SubstituteWish(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be put in a roster: `out` is replaced by `by`; see `hub.model.roster`."""

    roster: str
    start: float
    end: float
    out: str = ""
    by: str = ""
    reason: str = ""


class RosterOffice(Protocol):
    """Where rosters are seen and substitutes are put; a change is in the store on return."""

    def rosters(self) -> Sequence[Roster]:
        """Return the site's rosters in the order of its file."""
        ...

    def on_duty(self, roster: str, at: float) -> OnDuty:
        """Return who is on; NotFoundError where there is no such roster."""
        ...

    def stretches(self, roster: str, start: float, end: float) -> Sequence[Stretch]:
        """Return who is on when, holes as stretches of nobody; NotFoundError likewise."""
        ...

    def substitutes(self) -> Sequence[Substitute]:
        """Return those who are on, to come, or over not long ago, soonest first."""
        ...

    def people(self) -> Sequence[str]:
        """Return the logins of everybody who can be put in."""
        ...

    async def put(self, wish: SubstituteWish, who: Identity) -> Substitute:
        """Put a substitute; raises InvalidRequestError or NotFoundError for what does not fit."""
        ...

    async def end(self, substitute: str, who: Identity) -> Substitute:
        """End one now; raises NotFoundError, or ConflictError where it is over."""
        ...


class EscalationOffice(Protocol):
    """Where it is seen how far tickets have climbed, and where proposals are decided."""

    def outlook(self, ticket: Ticket) -> Outlook | None:
        """Return what comes next for a ticket, None where it does not climb."""
        ...

    def proposals(self, who: Identity) -> Sequence[Ticket]:
        """Return the tickets that this person may see whose next rung has to be confirmed."""
        ...

    async def decide(
        self, ticket: Ticket, who: Identity, *, agreed: bool, reason: str
    ) -> Outlook | None:
        """Confirm or decline what was proposed; ConflictError where nothing was."""
        ...
