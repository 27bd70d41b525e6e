"""The store in memory: the same promises but durability, for tests and simulations."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hub.clock import Clock
from hub.errors import StoreError
from hub.model.alarm import Alarm, AlarmState
from hub.model.command import Command
from hub.model.journal import Entry
from hub.model.place import contains
from hub.model.report import Report
from hub.model.ticket import Ticket
from hub.ports import (
    Changes,
    EventRow,
    FeedRow,
    HistoryPage,
    HourOfPoint,
    QuarantineRow,
    RollupRow,
    Snapshot,
)
from hub.store import bounds
from hub.store.memory_tables import Tables, ticket_key
from hub.store.paging import cut_page
from hub.store.readings.chunk import HOUR
from hub.store.readings.log import order
from hub.store.readings.reading import to_reading
from hub.store.readings.replay import in_order
from hub.store.readings.rollup import by_hour, to_row
from hub.store.thing import ENDED_COMMAND, ENDED_TICKET


class MemoryCommitter:
    """Writes into dictionaries; `failures` are raised one by one, before anything is written."""

    def __init__(self, tables: Tables, clock: Clock) -> None:
        self.failures: list[StoreError] = []
        self._tables = tables
        self._clock = clock

    async def commit(self, changes: Changes) -> None:
        """Write all of it, or raise the next planned failure with nothing written."""
        if self.failures:
            raise self.failures.pop(0)
        self._tables.check(changes)
        self._tables.apply(changes)
        self._tables.prune(self._clock.now())


class MemoryArchive:
    """Reads history."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def load(self, *, now: float) -> Snapshot:
        """Read what a start needs."""
        tables, recently = self._tables, now - bounds.CLOSED_TICKET_AGE
        return Snapshot(
            points=[tables.points[key] for key in sorted(tables.points)],
            cursors=[tables.cursors[key] for key in sorted(tables.cursors)],
            heard=[tables.heard[key] for key in sorted(tables.heard)],
            states=[tables.states[key] for key in sorted(tables.states)],
            alarms=[alarm for alarm in _by_age(tables) if alarm.state is not AlarmState.CLEARED],
            tickets=[ticket for ticket in _by_number(tables) if _counts(ticket, recently)],
            commands=[c for c in tables.commands.values() if c.state not in ENDED_COMMAND],
            last_seq=max(tables.journal, default=0),
            last_ticket=tables.last_ticket(),
            digests=sorted(tables.digests.values(), key=lambda row: row.at),
        )

    async def history(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> HistoryPage:
        """Read a point's readings with start <= at < end; see SqliteArchive about pages."""
        said = sorted(self._tables.said.get(uid, {}).values(), key=order)
        rows = [
            to_reading(report, sample)
            for _, _, report in said
            for sample in report.samples
            if sample.point == point and start <= report.at < end
        ]
        return cut_page(rows, limit)

    async def rollups(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> list[RollupRow]:
        """Read a point's hours from the one of `start` on that begin before `end`, oldest first."""
        first, last = start // HOUR * HOUR, -(-end // HOUR) * HOUR
        page = await self.history(uid, point, start=first, end=last, limit=sys.maxsize)
        return [to_row(hour, figures) for hour, figures in by_hour(page.rows).items()][:limit]

    async def events(
        self, uid: str, *, start: float, end: float, limit: int, name: str = ""
    ) -> list[EventRow]:
        """Read a device's events with start <= at < end, oldest first; of one name where given."""
        rows = self._tables.events_of(uid, start, end)
        return [row for row in rows if name in {"", row.name}][:limit]

    def replay(
        self, *, start: float, end: float, uids: Iterable[str] | None = None
    ) -> Iterator[Report]:
        """Yield stored readings and events as reports, in event time."""
        chosen = None if uids is None else set(uids)
        reports = (
            report
            for report in self._tables.history()
            if start <= report.at < end and (chosen is None or report.uid in chosen)
        )
        return iter(in_order(reports))

    def recall(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        """Yield readings of `uids` and events of all, in event time."""
        reports = self.replay(start=start, end=end)
        return (report for report in reports if report.event or report.uid in uids)

    def recall_hours(
        self, *, start: float, end: float, points: Mapping[str, Collection[str]]
    ) -> Iterator[HourOfPoint]:
        """Yield what points of devices were in the hours of that time."""
        for uid, names in points.items():
            said = sorted(self._tables.said.get(uid, {}).values(), key=order)
            readings = [
                to_reading(report, sample)
                for _, _, report in said
                for sample in report.samples
                if sample.point in names and start // HOUR * HOUR <= report.at < end
            ]
            for name in names:
                hours = by_hour(each for each in readings if each.point == name)
                yield from (HourOfPoint(uid, name, to_row(*each)) for each in hours.items())


class MemoryBooks:
    """Reads the books."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def journal(self, *, after: int, limit: int, types: Sequence[str] = ()) -> list[Entry]:
        """Read entries with seq > after, in order; `types` are prefixes."""
        prefixes = tuple(types) or ("",)
        entries = [self._tables.journal[seq] for seq in sorted(self._tables.journal) if seq > after]
        return [entry for entry in entries if entry.type.startswith(prefixes)][:limit]

    async def feed(self, *, after: int, limit: int, scope: str = "") -> list[FeedRow]:
        """Read feed items with seq > after, in order, at or below the place `scope`."""
        items = [self._tables.feed[seq] for seq in sorted(self._tables.feed) if seq > after]
        return [item for item in items if not scope or contains(scope, item.place)][:limit]

    async def oldest_feed(self) -> int:
        """Return the seq before the oldest item that is kept (0 when nothing was deleted)."""
        return self._tables.counters.get(bounds.FEED_DELETED, 0)

    async def alarms(self, *, open_only: bool, limit: int, before: str = "") -> list[Alarm]:
        """Read alarms, newest first, raised before the alarm id `before` (none when unknown)."""
        alarms = [
            alarm
            for alarm in _by_age(self._tables)
            if not open_only or alarm.state is not AlarmState.CLEARED
        ]
        edge = self._tables.alarms.get(before)
        if before:
            age = (edge.raised_at, edge.id) if edge else (float("-inf"), "")
            alarms = [alarm for alarm in alarms if (alarm.raised_at, alarm.id) < age]
        return alarms[::-1][:limit]

    async def alarm(self, alarm_id: str) -> Alarm | None:
        """Read one alarm, open or cleared."""
        return self._tables.alarms.get(alarm_id)

    async def tickets(self, *, open_only: bool, limit: int, before: str = "") -> list[Ticket]:
        """Read tickets, newest first, numbered before `before`."""
        return [
            ticket
            for ticket in reversed(_by_number(self._tables))
            if not (open_only and ticket.state in ENDED_TICKET)
            and (not before or ticket_key(ticket.number) < ticket_key(before))
        ][:limit]

    async def ticket(self, number: str) -> Ticket | None:
        """Read one ticket."""
        return self._tables.tickets.get(number)

    async def command(self, command_id: str) -> Command | None:
        """Read one command."""
        return self._tables.commands.get(command_id)

    async def document(self, collection: str, key: str) -> bytes | None:
        """Read one document's JSON."""
        return self._tables.documents.get((collection, key))

    async def documents(self, collection: str) -> dict[str, bytes]:
        """Read a whole collection, key → JSON, in the order of the keys."""
        return {key: b for (c, key), b in sorted(self._tables.documents.items()) if c == collection}

    async def quarantine(self, *, limit: int) -> list[QuarantineRow]:
        """Read what was quarantined, newest first."""
        rows = self._tables.quarantine
        return [rows[key] for key in sorted(rows, reverse=True)][:limit]

    async def quarantined(self, number: int) -> QuarantineRow | None:
        """Read one message that was quarantined, by its `id`."""
        rows = self._tables.quarantine.values()
        return next((row for row in rows if row.id == number), None)

    async def newcomers(self, *, limit: int) -> list[dict[str, Any]]:
        """Read who is not in the books, last heard first; `sample` is the last message's bytes."""
        rows = sorted(self._tables.newcomers.items())
        newest = sorted((row for _, row in rows), key=lambda row: -row["last_seen"])
        return [dict(row) for row in newest[:limit]]

    async def counters(self) -> dict[str, int]:
        """Read how much was quarantined, deleted and refused, by the names of `bounds`."""
        return dict(self._tables.counters)


class MemoryStore:
    """An open store: the three ports over one set of tables."""

    def __init__(self, clock: Clock) -> None:
        tables = Tables()
        self.committer = MemoryCommitter(tables, clock)
        self.archive = MemoryArchive(tables)
        self.books = MemoryBooks(tables)


@asynccontextmanager
async def open_memory_store(*, clock: Clock) -> AsyncIterator[MemoryStore]:
    """Open an empty store that is gone when the block ends."""
    yield MemoryStore(clock)


def _by_age(tables: Tables) -> list[Alarm]:
    return sorted(tables.alarms.values(), key=lambda alarm: (alarm.raised_at, alarm.id))


def _by_number(tables: Tables) -> list[Ticket]:
    return sorted(tables.tickets.values(), key=lambda ticket: ticket_key(ticket.number))


def _counts(ticket: Ticket, recently: float) -> bool:
    ended = ticket.state in ENDED_TICKET
    return not ended or (ticket.closed_at is not None and ticket.closed_at >= recently)
