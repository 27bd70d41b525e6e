"""What stands in the intake log and not yet in its table: latest values, cursors, presence, states.

A device that speaks every second would be written every second; here it is written once in a
while, and the log says after a crash what came since.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from hub.model.report import Report, Sample, replaces
from hub.ports import CursorRow, HeardRow, StateRow
from hub.store.readings.log import CHECKPOINT, Page, read_behind, read_mark, write_mark

Row = tuple[Any, ...]

AT_ONCE = 50
"""Devices, and states, written in one transaction, at most: a commit may wait for it."""

_ENCODER = msgspec.msgpack.Encoder()
_POINT = (
    "INSERT INTO point (uid, point, at, received, boot, seq, body) VALUES (?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (uid, point) DO UPDATE SET at = excluded.at, received = excluded.received,"
    " boot = excluded.boot, seq = excluded.seq, body = excluded.body"
    " WHERE point.at <= excluded.at OR point.at > excluded.received"
)
_CURSOR = (
    "INSERT INTO cursor (uid, topic, boot, seq, gaps, at) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (uid, topic, boot) DO UPDATE SET"
    " seq = excluded.seq, gaps = excluded.gaps, at = excluded.at"
)
_HEARD = (
    "INSERT INTO heard (uid, at, state, boot) VALUES (?, ?, ?, ?) ON CONFLICT (uid) DO UPDATE SET"
    " at = excluded.at, state = excluded.state, boot = excluded.boot"
)
_STATE = (
    "INSERT INTO state (key, data) VALUES (?, ?)"
    " ON CONFLICT (key) DO UPDATE SET data = excluded.data"
)
_STATELESS = "DELETE FROM state WHERE key = ?"


class Dirty:
    """What one device has said since it was written; `since` is the log's row of its first word."""

    __slots__ = ("cursors", "heard", "points", "since")

    def __init__(self, since: int) -> None:
        self.since = since
        self.points: dict[str, Report] = {}
        self.cursors: dict[tuple[str, str], CursorRow] = {}
        self.heard: HeardRow | None = None

    def take(self, report: Report) -> None:
        """Take over what a report says, but of points that were said to be others since."""
        points = self.points
        for sample in report.samples:
            known = points.get(sample.point)
            if known is None or replaces(report, known.at):
                points[sample.point] = report


class Due(NamedTuple):
    """What is to be written next: devices, and keys of the rules' running state."""

    uids: list[str]
    keys: list[str]


class Unsaved:
    """What is to be written, those first that have waited longest. One thread at a time."""

    def __init__(self, last: int = 0) -> None:
        self.devices: dict[str, Dirty] = {}
        self.states: dict[str, tuple[int, StateRow]] = {}
        self.last = last

    def note(self, number: int, page: Page) -> None:
        """Take over what row `number` of the log says, once it is committed."""
        self.last = number
        find = self.devices.get
        for uid, _, report in page.said:
            if not report.late:
                (find(uid) or self._begin(uid)).take(report)
        for cursor in page.cursors:
            device = find(cursor.uid) or self._begin(cursor.uid)
            device.cursors[cursor.topic, cursor.boot] = cursor
        for heard in page.heard:
            (find(heard.uid) or self._begin(heard.uid)).heard = heard
        for state in page.states:
            since = self.states.get(state.key, (number,))[0]
            self.states[state.key] = (since, state)

    def _begin(self, uid: str) -> Dirty:
        device = self.devices[uid] = Dirty(self.last)
        return device

    def due(self, upto: int) -> Due:
        """Return some of those that changed first, by row `upto` of the log."""
        devices = islice(self.devices.items(), AT_ONCE)
        states = islice(self.states.items(), AT_ONCE)
        return Due(
            [uid for uid, device in devices if device.since <= upto],
            [key for key, (since, _) in states if since <= upto],
        )

    def write(self, connection: sqlite3.Connection, due: Due) -> None:
        """Write these, and how far the tables are complete then."""
        devices = [(uid, self.devices[uid]) for uid in due.uids]
        connection.executemany(_POINT, _point_rows(devices))
        connection.executemany(
            _CURSOR, (_cursor_row(row) for _, device in devices for row in device.cursors.values())
        )
        connection.executemany(
            _HEARD, (_heard_row(device.heard) for _, device in devices if device.heard)
        )
        states = [self.states[key][1] for key in due.keys]
        connection.executemany(_STATE, ((s.key, s.data) for s in states if s.data is not None))
        connection.executemany(_STATELESS, ((s.key,) for s in states if s.data is None))
        write_mark(connection, CHECKPOINT, self._oldest_but(due) - 1)

    def _oldest_but(self, due: Due) -> int:
        uids, keys = set(due.uids), set(due.keys)
        devices = (device.since for uid, device in self.devices.items() if uid not in uids)
        states = (since for key, (since, _) in self.states.items() if key not in keys)
        newest = self.last + 1
        return min(next(devices, newest), next(states, newest))

    def forget(self, due: Due) -> None:
        """Note that these were written, and that this was committed."""
        for uid in due.uids:
            del self.devices[uid]
        for key in due.keys:
            del self.states[key]


def read_unsaved(connection: sqlite3.Connection) -> Unsaved:
    """Return what the log holds behind the checkpoint."""
    checkpoint = read_mark(connection, CHECKPOINT)
    unsaved = Unsaved(checkpoint)
    for number, page in read_behind(connection, checkpoint):
        unsaved.note(number, page)
    return unsaved


def last_sample(report: Report, point: str) -> Sample:
    """Return what a report that names the point said of it last."""
    return next(sample for sample in reversed(report.samples) if sample.point == point)


def _point_rows(devices: Iterable[tuple[str, Dirty]]) -> Iterator[Row]:
    for uid, device in devices:
        for point, report in device.points.items():
            sample = last_sample(report, point)
            body = _ENCODER.encode((sample.value, sample.quality))
            yield uid, point, report.at, report.received, report.boot, report.seq, body


def _cursor_row(row: CursorRow) -> Row:
    return row.uid, row.topic, row.boot, row.seq, msgspec.json.encode(row.gaps), row.at


def _heard_row(row: HeardRow) -> Row:
    return row.uid, row.at, row.state.value, row.boot
