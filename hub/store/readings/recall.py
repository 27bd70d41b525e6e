"""What a start needs of the last hours: each device's messages in event time, device by device.

A replay is in event time over all devices, and reads a busy hour in pieces to keep that in memory.
Windows of rules are of one device each, so that each part of an hour is read once here.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path

from hub.model.report import Report
from hub.ports import HourOfPoint
from hub.store import event
from hub.store.failure import explain
from hub.store.readers import open_reader
from hub.store.readings.chunk import HOUR, Span
from hub.store.readings.compaction import once, read_hour
from hub.store.readings.history import read_rollups
from hub.store.readings.log import Said, read_span
from hub.store.readings.replay import EVENTS, in_order, to_report
from hub.store.seals.day_key import DayKeys, open_day_keys

ByDevice = dict[str, list[Said]]


def recall_file(
    path: Path,
    *,
    start: float,
    end: float,
    uids: Collection[str],
    days: DayKeys | None = None,
) -> Iterator[Report]:
    """Yield readings of `uids` and events of all; each device's in order, hour by hour.

    `days` opens what events tell of people; without it the keys beside the file do.
    """
    days = days or open_day_keys(path)
    wanted = frozenset(uids)
    try:
        with closing(open_reader(path)) as connection:
            # What is sorted into chunks meanwhile is found in both, and taken once.
            fresh = _by_hour(read_span(connection, start, end, None), wanted)
            for hour in range(int(start // HOUR), int(end // HOUR) + 1):
                span = max(start, hour * HOUR), min(end, (hour + 1) * HOUR)
                connection.execute("BEGIN")
                happened = _events(connection, span, days)
                yield from _recall_hour(connection, span, wanted, fresh.get(hour, {}), happened)
                connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error


def recall_hours(
    path: Path, span: Span, points: Mapping[str, Collection[str]]
) -> Iterator[HourOfPoint]:
    """Yield what points of devices were in the hours of a span, each point's oldest first."""
    try:
        with closing(open_reader(path)) as connection:
            for key in ((uid, name) for uid, names in points.items() for name in names):
                rows = read_rollups(connection, key, span, sys.maxsize)
                yield from (HourOfPoint(*key, row) for row in rows)
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error


def _by_hour(said: list[Said], wanted: frozenset[str]) -> dict[int, ByDevice]:
    hours: dict[int, ByDevice] = {}
    for each in said:
        if each[0] in wanted:
            hours.setdefault(int(each[2].at // HOUR), {}).setdefault(each[0], []).append(each)
    return hours


def _events(connection: sqlite3.Connection, span: Span, days: DayKeys) -> dict[str, list[Report]]:
    happened: dict[str, list[Report]] = {}
    for row in connection.execute(EVENTS, span):
        report = to_report(event.to_event(row, days))
        happened.setdefault(report.uid, []).append(report)
    return happened


def _recall_hour(
    connection: sqlite3.Connection,
    span: Span,
    wanted: frozenset[str],
    fresh: ByDevice,
    happened: dict[str, list[Report]],
) -> Iterator[Report]:
    for devices in read_hour(connection, span, wanted) if wanted else ():
        for uid, said in devices.items():
            both = once((*said, *fresh.pop(uid))) if uid in fresh else said
            yield from in_order(chain((each[2] for each in both), happened.pop(uid, ())))
    for uid, said in fresh.items():
        yield from in_order(chain((each[2] for each in once(said)), happened.pop(uid, ())))
    for reports in happened.values():
        yield from in_order(reports)
