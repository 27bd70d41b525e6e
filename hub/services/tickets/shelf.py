"""The public list of shelved tickets (挂账公示): which of them may be shown, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hub.model.access import Identity
from hub.model.discretion import is_secret, secret_tickets
from hub.model.place import Place
from hub.model.ticket import Ticket
from hub.ports import Live

HOUSEHOLD = "household"
"""The kind of place, and the scope of a meter, that is one family's."""
SEEN_BY_STAFF = frozenset({"device", "inspection", "grid"})
"""Sources that tell of no resident."""


def list_shelved(live: Live, who: Identity) -> list[Ticket]:
    """Return the shelved tickets of this person's places, the next review first.

    What is discreet is nobody's to publish.
    """
    return _list(live, lambda ticket: who.may_see(ticket.place))


def list_public(live: Live) -> list[Ticket]:
    """Return those that everybody may see: nothing in a flat, nothing that only residents say."""
    return _list(live, lambda ticket: _is_public(ticket, live))


def _list(live: Live, is_shown: Callable[[Ticket], bool]) -> list[Ticket]:
    secret = secret_tickets(live.open_alarms())
    found = [
        (ticket.shelf.review_at, ticket.number, ticket)
        for ticket in live.open_tickets()
        if ticket.shelf and is_shown(ticket) and not is_secret(ticket, secret)
    ]
    return [ticket for _, _, ticket in sorted(found, key=lambda each: each[:2])]


def _is_public(ticket: Ticket, live: Live) -> bool:
    if ticket.source not in SEEN_BY_STAFF and not ticket.alarms:
        return False
    view = live.device(ticket.subject)
    if view and view.device.attributes.get("scope") == HOUSEHOLD:
        return False
    return is_public_place(ticket.place, live.places())


def is_public_place(place: str, places: Mapping[str, Place]) -> bool:
    """Tell whether a place is no flat's, nor in one."""
    steps = place.split("/")
    above = ("/".join(steps[: depth + 1]) for depth in range(len(steps)))
    return all(places[path].kind != HOUSEHOLD for path in above if path in places)
