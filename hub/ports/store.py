"""How the intake and the readers meet the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.journal import Entry
from hub.model.report import Report
from hub.model.ticket import Ticket
from hub.ports.row import (
    Changes,
    EventRow,
    FeedRow,
    HourOfPoint,
    QuarantineRow,
    ReadingRow,
    RollupRow,
    Snapshot,
)


class Committer(Protocol):
    """The only way to change anything that lasts."""

    async def commit(self, changes: Changes) -> None:
        """Write all of it in one durable transaction, or raise StoreError with nothing written.

        Repeating the very same changes after a failure is safe.
        """
        ...


class Reserve(Protocol):
    """Bytes of the disk that nobody else can take, given up piece by piece once it is full."""

    @property
    def size(self) -> int:
        """Return how many bytes it has when it is whole."""
        ...

    @property
    def left(self) -> int:
        """Return how many bytes of it are left."""
        ...

    @property
    def spending(self) -> bool:
        """Tell whether a piece was given up since all was there."""
        ...

    async def spend(self) -> bool:
        """Give up a piece; False where nothing is left."""
        ...

    async def refill(self) -> bool:
        """Take back all that was given up; False while the disk has not enough."""
        ...


class Hand(Protocol):
    """Remembers which message is being handled, beyond the death of the process."""

    left: tuple[str, bytes] | None
    """What was in hand (address, payload) when the last run died; None where nothing was."""

    def take(self, address: str, payload: bytes) -> None:
        """Note a message before anything looks at it."""
        ...

    def rest(self) -> None:
        """Note that nothing is in hand."""
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

    async def rollups(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> list[RollupRow]:
        """Read a point's hours from the one of `start` on that begin before `end`, oldest first."""
        ...

    async def events(
        self, uid: str, *, start: float, end: float, limit: int, name: str = ""
    ) -> list[EventRow]:
        """Read a device's events with start <= at < end, oldest first; of one name where given."""
        ...

    def replay(
        self, *, start: float, end: float, uids: Iterable[str] | None = None
    ) -> Iterator[Report]:
        """Yield stored readings and events as reports, in event time; blocking, for a thread."""
        ...

    def recall(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        """Yield readings of `uids` and events of all with start <= at < end; blocking.

        Each device's are in event time, and in no order among devices.
        """
        ...

    def recall_hours(
        self, *, start: float, end: float, points: Mapping[str, Collection[str]]
    ) -> Iterator[HourOfPoint]:
        """Yield what points of devices (by uid) were in the hours of that time; blocking.

        Each point's are oldest first.
        """
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

    async def alarm(self, alarm_id: str) -> Alarm | None:
        """Read one alarm, open or cleared."""
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

    async def closing_codes(self) -> dict[str, dict[str, int]]:
        """Count the closing codes of tickets by rule."""
        ...

    async def quarantined(self, number: int) -> QuarantineRow | None:
        """Read one message that was quarantined, by its `id`."""
        ...

    async def newcomers(self, *, limit: int) -> list[dict[str, Any]]:
        """Read who is not in the books.

        Each has link, address, first_seen, last_seen, count, sample and guess.
        """
        ...
