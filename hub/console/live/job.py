"""What waits for somebody: open tickets, and alarms that have none, worst first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hub.console.live.standing import RANK, Sighting, Standing
from hub.model.alarm import Alarm, AlarmState, Severity, Urgency
from hub.model.discretion import is_secret, secret_tickets
from hub.model.ticket import Ticket, TicketFlag, TicketState

REPAIRED = frozenset({TicketState.COMPLETED, TicketState.VERIFIED})
"""States in which the wall has nothing left to ask for."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do; `number` is empty for an alarm without a ticket.

    `subject` is a device id or a place path, `since` an instant.
    """

    number: str
    subject: str
    place: str
    title: dict[str, str]
    standing: Standing
    since: float
    state: str = ""
    holder: str = ""
    children: int = 0
    recovered: bool = False

    @property
    def word(self) -> str:
        """The catalogue key of what its shape means."""
        return "ticket_flag.recovered" if self.recovered else f"standing.{self.standing}"


def jobs(
    tickets: Iterable[Ticket], alarms: Sequence[Alarm], sightings: Mapping[str, Sighting]
) -> tuple[Job, ...]:
    """List what the wall asks for: one row per root fault, nothing discreet."""
    secret = secret_tickets(alarms)
    found = [
        _of_ticket(ticket, sightings)
        for ticket in tickets
        if _asks(ticket) and not is_secret(ticket, secret)
    ]
    found += [_of_alarm(alarm, sightings) for alarm in alarms if _stands_alone(alarm)]
    return tuple(sorted(found, key=lambda job: (RANK[job.standing], job.since)))


def _asks(ticket: Ticket) -> bool:
    """Tell whether the wall asks for it: not what is repaired, nor shelved and not yet reviewed."""
    put_off = ticket.shelf is not None and "review" not in ticket.overdue
    return not ticket.folded_into and ticket.state not in REPAIRED and not put_off


def _stands_alone(alarm: Alarm) -> bool:
    quiet = alarm.discreet or alarm.ticket or alarm.explained_by
    return alarm.state is AlarmState.RAISED and not quiet


def _of_ticket(ticket: Ticket, sightings: Mapping[str, Sighting]) -> Job:
    return Job(
        number=ticket.number,
        subject=ticket.subject,
        place=ticket.place,
        title=ticket.title,
        standing=ticket_standing(ticket, sightings.get(ticket.subject)),
        since=ticket.opened_at if ticket.reopened_at is None else ticket.reopened_at,
        state=ticket.state,
        holder=ticket.holder,
        children=len(ticket.children),
        recovered=TicketFlag.RECOVERED in ticket.flags,
    )


def ticket_standing(ticket: Ticket, seen: Sighting | None) -> Standing:
    """Return the shape of a ticket: a recovered one only gives notice."""
    if TicketFlag.RECOVERED in ticket.flags:
        return Standing.NOTICE
    if ticket.urgency is Urgency.URGENT or ticket.severity is Severity.CRITICAL:
        return Standing.URGENT
    silent = seen is not None and seen.standing is Standing.SILENT
    return Standing.SILENT if silent else Standing.FAULT


def _of_alarm(alarm: Alarm, sightings: Mapping[str, Sighting]) -> Job:
    seen = sightings.get(alarm.subject)
    standing = Standing.URGENT if alarm.severity is Severity.CRITICAL else Standing.NOTICE
    if seen is not None and seen.standing is Standing.SILENT and standing is Standing.NOTICE:
        standing = Standing.SILENT
    return Job(
        number="",
        subject=alarm.subject,
        place=alarm.place,
        title=alarm.name,
        standing=standing,
        since=alarm.raised_at,
        children=len(alarm.children),
    )
