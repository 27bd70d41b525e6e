"""The tables of the store in memory: what a commit does to them, keyed as in SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hub.errors import StoreBrokenError
from hub.model.alarm import Alarm
from hub.model.command import Command
from hub.model.journal import Entry
from hub.model.report import Report, replaces
from hub.model.ticket import Ticket
from hub.ports import (
    Changes,
    CursorRow,
    DigestRow,
    EventRow,
    FeedRow,
    HeardRow,
    NewcomerRow,
    QuarantineRow,
    ReadingRow,
    StateRow,
)
from hub.store import bounds
from hub.store.order import ticket_order, tie
from hub.store.readings.log import Said, identity
from hub.store.readings.reading import to_reading
from hub.store.readings.replay import to_report

Sender = tuple[str, str]


def ticket_key(number: str) -> tuple[str, int, str]:
    """Return what tickets are sorted by."""
    return (*ticket_order(number), number)


class Tables(msgspec.Struct):
    """Every table as a dictionary by key."""

    said: dict[str, dict[Any, Said]] = {}
    points: dict[Sender, ReadingRow] = {}
    events: dict[tuple[str, float, str, str, int], EventRow] = {}
    cursors: dict[tuple[str, str, str], CursorRow] = {}
    digests: dict[tuple[str, str], DigestRow] = {}
    heard: dict[str, HeardRow] = {}
    states: dict[str, StateRow] = {}
    alarms: dict[str, Alarm] = {}
    tickets: dict[str, Ticket] = {}
    commands: dict[str, Command] = {}
    documents: dict[tuple[str, str], bytes] = {}
    journal: dict[int, Entry] = {}
    feed: dict[int, FeedRow] = {}
    quarantine: dict[tuple[float, str, str, int], QuarantineRow] = {}
    quarantined: int = 0
    newcomers: dict[Sender, dict[str, Any]] = {}
    counters: dict[str, int] = {}
    refused_at: float = float("-inf")

    def check(self, changes: Changes) -> None:
        """Refuse a batch that would change what is immutable, before anything is written."""
        _check_numbers("journal", self.journal, changes.journal)
        _check_numbers("feed", self.feed, changes.feed)

    def apply(self, changes: Changes) -> None:
        """Write everything; the last version of a thing in a batch stays."""
        _write_history(self, changes)
        self.cursors.update({(row.uid, row.topic, row.boot): row for row in changes.cursors})
        self.digests.update({(row.uid, row.digest): row for row in changes.digests})
        self.heard.update({row.uid: row for row in changes.heard})
        self.alarms.update({alarm.id: alarm for alarm in changes.alarms})
        self.tickets.update({ticket.number: ticket for ticket in changes.tickets})
        self.commands.update({command.id: command for command in changes.commands})
        self.journal.update({entry.seq: entry for entry in changes.journal})
        self.feed.update({item.seq: item for item in changes.feed})
        _write_deletable(self, changes)
        _write_quarantine(self, changes.quarantine)
        _write_newcomers(self, changes.newcomers)

    def prune(self, now: float) -> None:
        """Delete what is past its time."""
        self.digests = {k: r for k, r in self.digests.items() if r.at >= now - bounds.DIGEST_AGE}
        old = [key for key in self.quarantine if key[0] < now - bounds.QUARANTINE_AGE]
        for key in old:
            del self.quarantine[key]
        self.count(bounds.QUARANTINE_OLD, len(old))
        for row in self.newcomers.values():
            if row["last_seen"] < now - bounds.QUARANTINE_AGE:
                row["sample"] = b""
        known = self.newcomers
        young = now - bounds.NEWCOMER_AGE
        self.newcomers = {key: row for key, row in known.items() if row["last_seen"] >= young}
        self.count(bounds.NEWCOMER_OLD, len(known) - len(self.newcomers))

    def count(self, name: str, number: int) -> None:
        """Add to a counter."""
        if number:
            self.counters[name] = self.counters.get(name, 0) + number

    def events_of(self, uid: str, start: float, end: float) -> list[EventRow]:
        """Return one device's events with start <= at < end, oldest first."""
        keys = [key for key in self.events if key[0] == uid and start <= key[1] < end]
        keys.sort(key=lambda key: (key[1], self.events[key].received, key[4]))
        return [self.events[key] for key in keys]

    def history(self) -> Iterator[Report]:
        """Yield everything that a replay is made of, in no order."""
        for said in self.said.values():
            yield from (report for _, _, report in said.values())
        yield from map(to_report, self.events.values())

    def last_ticket(self) -> dict[str, int]:
        """Return the last number given on each day."""
        given: dict[str, int] = {}
        for day, ordinal in map(ticket_order, self.tickets):
            if day:
                given[day] = max(ordinal, given.get(day, 0))
        return given


def _check_numbers(table: str, known: dict[int, Any], new: list[Entry] | list[FeedRow]) -> None:
    last = max(known, default=0)
    for row in new:
        if row.seq <= last and known.get(row.seq) != row:
            raise StoreBrokenError(
                f"{table}: number {row.seq} belongs to another entry or was passed over"
            )


def _write_history(tables: Tables, changes: Changes) -> None:
    for index, report in enumerate(changes.readings):
        said = (report.uid, index, report)
        tables.said.setdefault(report.uid, {})[identity(said)] = said
        if not report.late:
            rows = (to_reading(report, sample) for sample in report.samples)
            points, known = {(row.uid, row.point): row for row in rows}, tables.points
            fresh = {k for k in points if k not in known or replaces(report, known[k].at)}
            known.update({key: points[key] for key in fresh})
    for index, event in enumerate(changes.events):
        key = (event.uid, event.at, event.name, event.boot, tie(event, index))
        tables.events[key] = event


def _write_deletable(tables: Tables, changes: Changes) -> None:
    for state in changes.states:
        tables.states.pop(state.key, None)
        if state.data is not None:
            tables.states[state.key] = state
    for document in changes.documents:
        key = (document.collection, document.key)
        tables.documents.pop(key, None)
        if document.body is not None:
            tables.documents[key] = document.body


def _write_quarantine(tables: Tables, rows: list[QuarantineRow]) -> None:
    before = len(tables.quarantine)
    for index, row in enumerate(rows):
        if (key := (row.at, row.link, row.address, index)) not in tables.quarantine:
            tables.quarantined += 1
            tables.quarantine[key] = msgspec.structs.replace(row, id=tables.quarantined)
    tables.count(bounds.QUARANTINED, len(tables.quarantine) - before)
    too_many = len(tables.quarantine) - bounds.QUARANTINE_ROWS
    for key in sorted(tables.quarantine)[: max(0, too_many)]:
        del tables.quarantine[key]
    tables.count(bounds.QUARANTINE_FULL, max(0, too_many))


def _write_newcomers(tables: Tables, rows: list[NewcomerRow]) -> None:
    counted = {key: found["last_seen"] for key, found in tables.newcomers.items()}
    refused: list[float] = []
    for row in rows:
        key = (row.link, row.address)
        if key not in tables.newcomers and len(tables.newcomers) >= bounds.NEWCOMER_ROWS:
            refused.append(row.at)
        elif row.at > counted.get(key, float("-inf")):
            _note_newcomer(tables, row)
    tables.count(bounds.NEWCOMER_REFUSED, sum(at > tables.refused_at for at in refused))
    tables.refused_at = max(refused, default=tables.refused_at)


def _note_newcomer(tables: Tables, row: NewcomerRow) -> None:
    start = {"link": row.link, "address": row.address, "first_seen": row.at, "count": 0}
    found = tables.newcomers.setdefault((row.link, row.address), start)
    found |= {
        "last_seen": row.at,
        "count": found["count"] + 1,
        "sample": row.sample,
        "guess": row.guess,
    }
