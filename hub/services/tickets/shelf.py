"""The public list of shelved tickets (挂账公示): which of them may be shown, and in which order."""

from __future__ import annotations

from hub.model.access import Identity
from hub.model.discretion import is_secret, secret_tickets
from hub.model.ticket import Ticket
from hub.ports import Live


def list_shelved(live: Live, who: Identity) -> list[Ticket]:
    """Return the shelved tickets of this person's places, the next review first.

    What is discreet is nobody's to publish.
    """
    secret = secret_tickets(live.open_alarms())
    found = [
        (ticket.shelf.review_at, ticket.number, ticket)
        for ticket in live.open_tickets()
        if ticket.shelf and who.may_see(ticket.place) and not is_secret(ticket, secret)
    ]
    return [ticket for _, _, ticket in sorted(found, key=lambda each: each[:2])]
