"""What one commit holds: a row for each thing that it writes, and what a start reads back."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.device import LinkState
from hub.model.journal import Entry
from hub.model.report import Quality, Report, Value
from hub.model.ticket import Ticket


class ReadingRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reading as history gives it back."""

    uid: str
    point: str
    at: float
    received: float
    value: Value | None
    quality: Quality
    boot: str = ""
    seq: int | None = None


class RollupRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a number was in the clock hour from `at` on: of its good readings, in event time."""

    at: float
    count: int
    minimum: float
    maximum: float
    mean: float
    first: float
    last: float


class HourOfPoint(NamedTuple):
    """An hour of a device's point, as a start recalls it."""

    uid: str
    point: str
    row: RollupRow


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a device for history."""

    uid: str
    name: str
    at: float
    received: float
    data: dict[str, Any] = {}
    boot: str = ""
    seq: int | None = None


class CursorRow(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
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


class HeardRow(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """When a device was last heard (arrival time), its boot, and whether it counts as online."""

    uid: str
    at: float
    state: LinkState
    boot: str = ""


class QuarantineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be understood, with the reason; the store gives it its `id`."""

    link: str
    address: str
    payload: bytes
    reason: str
    at: float
    id: int = 0


class NewcomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message from a device that is not in the books; counted per (link, address)."""

    link: str
    address: str
    sample: bytes
    guess: str
    at: float


class StateRow(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A piece of the rules' running state (holds, episodes, baselines); `data` None deletes it.

    With `personal_at` it tells of people, last of that instant: the store seals it, and forgets it
    as it does events of vehicles.
    """

    key: str
    data: bytes | None
    personal_at: float | None = None


class FeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the grid feed, serialised once; `body` is the whole CloudEvent as JSON."""

    seq: int
    incident: str
    place: str
    type: str
    at: float
    body: bytes


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What is held of one kind of data; instants are epoch seconds, None where there is none.

    `keep_days` is None for ever. Before `complete_since` some has been deleted. `deleted` counts
    what went by age, or for room, since the database was made.
    """

    kind: str
    keep_days: int | None
    oldest: float | None
    complete_since: float | None
    deleted: int
    deleted_at: float | None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole small thing kept by key in its collection.

    Collections: device, place, person, api_key, key_use, session, incident, idempotency,
    setting, suspect, heartbeat, climb, ring, bell, bell_state, bell_cursor, contact, substitute,
    report, gathering, photo, personal, subscription, push, push_dead, era. `body` is JSON, or bytes
    of a picture; None deletes it.
    With `personal_at` it tells of people: the store seals it under the key of that day.
    """

    collection: str
    key: str
    body: bytes | None
    at: float = 0.0
    personal_at: float | None = None


class Changes(msgspec.Struct, kw_only=True):
    """Everything that one batch changes; written in one transaction or not at all.

    The intake is the only author, so journal numbers are given before the commit, in order.
    """

    readings: list[Report] = []
    """Reports with samples, under the instant that counts; late ones go to history only."""
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


PointRow = ReadingRow
"""A point's latest value."""


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
