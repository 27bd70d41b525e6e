"""What the readers (API, console, feeds) are given, and what people may do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from hub.model.access import Identity
from hub.model.alarm import Alarm
from hub.model.case import CaseOutcome, CaseStep
from hub.model.command import Command
from hub.model.device import Device, LinkState
from hub.model.journal import Entry
from hub.model.place import Place
from hub.model.report import Quality, Value
from hub.model.ticket import Ticket, TicketStep
from hub.ports.row import Document, FeedRow


class PointView(msgspec.Struct, frozen=True, kw_only=True):
    """A point as it stands: value, unit, quality, event time.

    `stale_after` is 3 periods in seconds, 0 for a point that is sent on change.
    """

    value: Value | None
    unit: str
    quality: Quality
    at: float
    stale_after: float = 0.0


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A device as it stands; `formerly` are ids that it had before."""

    device: Device
    link: LinkState
    heard_at: float | None
    points: dict[str, PointView]
    formerly: tuple[str, ...] = ()


class Live(Protocol):
    """The state of everything as of the last commit, from memory; never ahead of the store."""

    def devices(self) -> Iterable[DeviceView]:
        """Return every device in the order of the site file."""
        ...

    def links(self) -> Iterable[LinkState]:
        """Return how every device is heard; unlike `devices`, without looking at its points."""
        ...

    def device(self, device_id: str) -> DeviceView | None:
        """Return one device by its readable id, also by one that it had before."""
        ...

    def places(self) -> Mapping[str, Place]:
        """Return the places by path."""
        ...

    def open_alarms(self) -> Sequence[Alarm]:
        """Return alarms that are raised or suppressed, worst and oldest first."""
        ...

    def open_tickets(self) -> Sequence[Ticket]:
        """Return tickets that are neither closed nor voided, worst and oldest first."""
        ...

    def why(self, device_id: str) -> list[dict[str, Any]]:
        """Return each gate and rule with its answer and its reason in zh and en.

        Who is to read it gets what `hub.model.discretion.answers_for` lets through.
        """
        ...


class Pulse(Protocol):
    """Wakes readers after a commit."""

    def last_seq(self) -> int:
        """Return the number of the last committed entry."""
        ...

    async def wait(self, after: int, timeout: float) -> int:  # noqa: ASYNC109 - seconds of a poll
        """Return the last number as soon as it exceeds `after`, or after `timeout` real seconds."""
        ...

    def changed_devices(self, since: int) -> tuple[int, set[str]]:
        """Return (new mark, ids of devices whose points or link changed since the mark)."""
        ...


class Desk(Protocol):
    """What people and platforms may do; each call is in the store when it returns."""

    async def step_ticket(self, number: str, step: TicketStep) -> Ticket:
        """Take one step of a ticket, or raise ConflictError with the possible ones."""
        ...

    async def clear_alarm(self, alarm_id: str, reason: str, who: Identity) -> Alarm:
        """Clear an open alarm by hand.

        Raises NotFoundError for one that is not open or not theirs to see, ConflictError for one
        that follows from others.
        """
        ...

    async def act_on_incident(self, number: str, step: CaseStep) -> CaseOutcome:
        """Take one step of a receiver's case, or raise ConflictError with the possible ones."""
        ...

    async def command(self, device_id: str, do: str, reason: str, who: Identity) -> Command:
        """Ask for an order to a device; returns once it is in the journal, before it is sent."""
        ...

    async def write(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]] = (),
    ) -> None:
        """Store documents with journal entries (type, subject, actor, data)."""
        ...


IncidentProjector = Callable[[Entry, Ticket], FeedRow | None]
"""Makes the feed item of a journal entry about a ticket; None when it is no incident's business."""
