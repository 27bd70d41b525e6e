"""A batch: everything that one commit will hold, and what happens once it has gone through."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.journal import Draft, Entry
from hub.model.report import Report
from hub.model.ticket import Ticket
from hub.ports import (
    Changes,
    Envelope,
    EventRow,
    IncidentProjector,
)
from hub.services.tickets.consequence import Consequences

ABOUT_TICKETS = ("ticket.", "incident.")
"""How entries begin that come with a version of their ticket."""


class Numbering:
    """Gives journal numbers without a gap; the intake is the only one who draws them."""

    def __init__(self, last: int) -> None:
        self._next = itertools.count(last + 1)
        self.last = last

    def draw(self) -> int:
        """Return the next number."""
        self.last = next(self._next)
        return self.last


class Batch:
    """Collects changes while a batch is prepared; read-only once the commit has begun."""

    def __init__(self, *, now: float, numbering: Numbering, project: IncidentProjector) -> None:
        self.now = now
        self.changes = Changes()
        self.envelopes: list[Envelope] = []
        self.touched: set[str] = set()
        self.after: list[Callable[[], None]] = []
        self._results: list[tuple[asyncio.Future[Any], Any]] = []
        self._numbering = numbering
        self._project = project

    def record(self, drafts: Iterable[Draft], *, tickets: Iterable[Ticket] = ()) -> None:
        """Number the drafts, in order, and make a feed item of each that concerns an incident.

        `tickets` holds one version for each `ticket.…` and `incident.…` draft, in the same order.
        """
        versions = iter(tickets)
        for draft in drafts:
            entry = Entry(seq=self._numbering.draw(), **msgspec.structs.asdict(draft))
            self.changes.journal.append(entry)
            ticket = next(versions, None) if draft.type.startswith(ABOUT_TICKETS) else None
            item = self._project(entry, ticket) if ticket else None
            if item:
                self.changes.feed.append(item)

    def follow(self, result: Consequences) -> None:
        """Take over what follows from a decision or a person's step."""
        self.put(alarms=result.alarms, tickets=result.tickets)
        self.record(result.drafts, tickets=result.tickets)
        self.touched.update(alarm.uid for alarm in result.alarms)

    def put(
        self,
        *,
        alarms: Iterable[Alarm] = (),
        tickets: Iterable[Ticket] = (),
        commands: Iterable[Command] = (),
    ) -> None:
        """Store whole things; the last version of each in a batch wins."""
        self.changes.alarms.extend(alarms)
        self.changes.tickets.extend(tickets)
        self.changes.commands.extend(commands)

    def keep(self, report: Report) -> None:
        """Write a report's readings or event to history; its `at` is the instant that counts."""
        self.touched.add(report.uid)
        if report.samples:
            self.changes.readings.append(report)
        elif report.event:
            self.changes.events.append(_event(report))

    def answer(self, done: asyncio.Future[Any], result: Any) -> None:  # noqa: ANN401 - any answer
        """Give `result` to whoever waits, after the commit."""
        self._results.append((done, result))

    def settle(self) -> None:
        """Tell those who wait that it is in the store, and start what comes after."""
        for done, result in self._results:
            if not done.done():
                done.set_result(result)
        for act in self.after:
            act()

    def is_empty(self) -> bool:
        """Tell whether nothing needs a commit."""
        return not any(getattr(self.changes, name) for name in Changes.__struct_fields__)


def _event(report: Report) -> EventRow:
    return EventRow(
        uid=report.uid,
        name=report.event,
        at=report.at,
        received=report.received,
        data=report.data,
        boot=report.boot,
        seq=report.seq,
    )
