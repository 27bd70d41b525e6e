"""Ports: how layers meet neighbours that they do not know; `hub.app` hands in who is behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from hub.model.access import Identity
from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.device import Device, DeviceUid, LinkState
from hub.model.journal import Entry
from hub.model.place import Place
from hub.model.report import Quality, Report, Value
from hub.model.ticket import Ticket, TicketStep

# ---- links and drivers ---------------------------------------------------------------------


class Registers(msgspec.Struct, frozen=True, kw_only=True):
    """One block read over Modbus: function 3 or 4, first wire address (from 0), the words.

    When the slave said so, its exception code instead of words.
    """

    function: int
    start: int
    words: tuple[int, ...] = ()
    exception: int = 0


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What a link yields. `address` is the MQTT topic, or the device's address on its link.

    `token` is the link's own, opaque, to acknowledge with; None where nothing is acknowledged.
    """

    link: str
    address: str
    payload: bytes | tuple[Registers, ...]
    received: float
    retained: bool = False
    token: object = None


class Inbox(Protocol):
    """Where links put what they receive."""

    def offer(self, envelope: Envelope) -> None:
        """Take an envelope, in order; never blocks and never drops."""
        ...

    def is_full(self) -> bool:
        """Tell whether the link must stop reading its source until `has_room` has answered."""
        ...

    async def has_room(self) -> None:
        """Return when there is room again."""
        ...


class LinkWatch(Protocol):
    """Whom a link tells about its own life; told once per change."""

    def link_up(self, link: str, *, resumed: bool) -> None:
        """Say that the connection stands; `resumed` False means that messages may be missing."""
        ...

    def link_down(self, link: str, why: str) -> None:
        """Say that the connection is lost, with a sentence that a guard can read."""
        ...

    def link_caught_up(self, link: str) -> None:
        """Say that what waited while the link was down has been delivered (the canary is back)."""
        ...

    def slave_silent(self, uid: DeviceUid, why: str) -> None:
        """Say that a polled device does not answer (its breaker has opened)."""
        ...


class Link(Protocol):
    """A shared connection.

    `run` connects once and returns or raises LinkError when it is lost; the supervisor alone
    decides about trying again.
    """

    name: str

    async def run(self) -> None:
        """Connect and serve until the connection is lost (LinkError) or the task is cancelled."""
        ...

    def acknowledge(self, envelopes: Sequence[Envelope]) -> None:
        """Acknowledge in order; tokens of an earlier connection are ignored."""
        ...


class CommandSender(Protocol):
    """Sends one order over a throw-away connection; never resends."""

    async def send(self, command: Command, device: Device) -> None:
        """Send, or raise CommandRefusedError (nothing was sent) or LinkError (look at the gate)."""
        ...


class Driver(Protocol):
    """A table and a pure translation of one dialect. No I/O, no clock, no retry."""

    name: str

    def device_address(self, envelope: Envelope) -> str:
        """Return the address of the device that sent it, or raise ProtocolError."""
        ...

    def decode(self, envelope: Envelope, device: Device) -> Sequence[Report]:
        """Translate, or raise ProtocolError with a sentence that says what is wrong."""
        ...


# ---- the one commit ------------------------------------------------------------------------


class ReadingRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reading for history; `current` rows also become the point's latest value."""

    uid: str
    point: str
    at: float
    received: float
    value: Value | None
    quality: Quality
    boot: str = ""
    seq: int | None = None
    current: bool = True


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a device for history."""

    uid: str
    name: str
    at: float
    received: float
    data: dict[str, Any] = {}
    boot: str = ""
    seq: int | None = None


class CursorRow(msgspec.Struct, frozen=True, kw_only=True):
    """The highest `seq` seen of (device, boot, topic), and the ranges missing below it."""

    uid: str
    topic: str
    boot: str
    seq: int
    gaps: tuple[tuple[int, int], ...] = ()
    at: float = 0.0


class DigestRow(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of a message without `seq`: device and digest of (time, content)."""

    uid: str
    digest: str
    at: float


class HeardRow(msgspec.Struct, frozen=True, kw_only=True):
    """When a device was last heard (arrival time), its boot, and whether it counts as online."""

    uid: str
    at: float
    state: LinkState
    boot: str = ""


class QuarantineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be understood, with the reason."""

    link: str
    address: str
    payload: bytes
    reason: str
    at: float


class NewcomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message from a device that is not in the books; counted per (link, address)."""

    link: str
    address: str
    sample: bytes
    guess: str
    at: float


class StateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of the rules' running state (holds, episodes, baselines); `data` None deletes it."""

    key: str
    data: bytes | None


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the grid feed, serialised once; `body` is the whole CloudEvent as JSON."""

    seq: int
    incident: str
    place: str
    type: str
    at: float
    body: bytes


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole small thing kept by key in its collection.

    Collections: device, place, person, api_key, session, incident, idempotency, setting. `body`
    is JSON; None deletes it.
    """

    collection: str
    key: str
    body: bytes | None
    at: float = 0.0


class Changes(msgspec.Struct, kw_only=True):
    """Everything that one batch changes; written in one transaction or not at all.

    The intake is the only author, so journal numbers are given before the commit, in order.
    """

    readings: list[ReadingRow] = []
    events: list[EventRow] = []
    cursors: list[CursorRow] = []
    digests: list[DigestRow] = []
    heard: list[HeardRow] = []
    quarantine: list[QuarantineRow] = []
    newcomers: list[NewcomerRow] = []
    states: list[StateRow] = []
    alarms: list[Alarm] = []
    tickets: list[Ticket] = []
    commands: list[Command] = []
    journal: list[Entry] = []
    feed: list[FeedRow] = []
    documents: list[Document] = []


class PointRow(msgspec.Struct, frozen=True, kw_only=True):
    """A point's latest value."""

    uid: str
    point: str
    value: Value | None
    quality: Quality
    at: float
    received: float
    boot: str = ""
    seq: int | None = None


class Snapshot(msgspec.Struct, kw_only=True):
    """What a start needs: everything that is open, and where the counters stand."""

    points: list[PointRow]
    cursors: list[CursorRow]
    heard: list[HeardRow]
    states: list[StateRow]
    alarms: list[Alarm]
    """Alarms that are not cleared."""
    tickets: list[Ticket]
    """Tickets that are not closed or voided, or closed within the last 25 h."""
    commands: list[Command]
    """Commands without a final state."""
    last_seq: int
    last_ticket: dict[str, int]
    """Day as YYYYMMDD (community time, in the ticket number) → last number given."""
    digests: list[DigestRow] = []
    """Messages without `seq` of the last 24 h, oldest first."""


class Committer(Protocol):
    """The only way to change anything that lasts."""

    async def commit(self, changes: Changes) -> None:
        """Write all of it in one durable transaction, or raise StoreError with nothing written.

        Repeating the very same changes after a failure is safe.
        """
        ...


class HistoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one point, oldest first, and the cursor of the next page (None at the end)."""

    rows: list[ReadingRow]
    next: float | None


class Archive(Protocol):
    """Reads history; every call opens its own short read transaction."""

    async def load(self, *, now: float) -> Snapshot:
        """Read what a start needs."""
        ...

    async def history(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> HistoryPage:
        """Read a point's readings with start <= at < end."""
        ...

    async def events(self, uid: str, *, start: float, end: float, limit: int) -> list[EventRow]:
        """Read a device's events with start <= at < end, oldest first."""
        ...

    def replay(
        self, *, start: float, end: float, uids: Iterable[str] | None = None
    ) -> Iterator[Report]:
        """Yield stored readings and events as reports, in event time; blocking, for a thread."""
        ...


class Books(Protocol):
    """Reads the journal and what it tells about."""

    async def journal(self, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Entry]:
        """Read entries with seq > after, in order; `types` are prefixes."""
        ...

    async def feed(self, *, after: int, limit: int, scope: str = "") -> list[FeedRow]:
        """Read feed items with seq > after, in order, at or below the place `scope`."""
        ...

    async def oldest_feed(self) -> int:
        """Return the seq before the oldest item that is kept (0 when nothing was deleted)."""
        ...

    async def alarms(self, *, open_only: bool, limit: int, before: str = "") -> list[Alarm]:
        """Read alarms, newest first, raised before the alarm id `before`."""
        ...

    async def tickets(self, *, open_only: bool, limit: int, before: str = "") -> list[Ticket]:
        """Read tickets, newest first, numbered before `before`."""
        ...

    async def ticket(self, number: str) -> Ticket | None:
        """Read one ticket."""
        ...

    async def command(self, command_id: str) -> Command | None:
        """Read one command."""
        ...

    async def document(self, collection: str, key: str) -> bytes | None:
        """Read one document's JSON."""
        ...

    async def documents(self, collection: str) -> dict[str, bytes]:
        """Read a whole collection, key → JSON."""
        ...

    async def quarantine(self, *, limit: int) -> list[QuarantineRow]:
        """Read what was quarantined, newest first."""
        ...

    async def newcomers(self, *, limit: int) -> list[dict[str, Any]]:
        """Read who is not in the books.

        Each has link, address, first_seen, last_seen, count, sample and guess.
        """
        ...


# ---- what the readers (API, console, feeds) are given -----------------------------------------


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
    """A device as it stands."""

    device: Device
    link: LinkState
    heard_at: float | None
    points: dict[str, PointView]


class Live(Protocol):
    """The state of everything as of the last commit, from memory; never ahead of the store."""

    def devices(self) -> Iterable[DeviceView]:
        """Return every device in the order of the site file."""
        ...

    def device(self, device_id: str) -> DeviceView | None:
        """Return one device by its readable id."""
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
        """Return each gate and rule with its answer and its reason in zh and en."""
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

Task = Callable[[], Awaitable[None]]
"""A coroutine function that runs until cancelled."""
