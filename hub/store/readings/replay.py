"""Stored readings and events as the reports that they came in, in event time."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from math import inf
from operator import itemgetter
from pathlib import Path
from typing import Any

from hub.model.device import DeviceUid
from hub.model.repeats import Need, Passes
from hub.model.report import Report, Topic
from hub.ports import EventRow
from hub.store import event
from hub.store.failure import explain
from hub.store.readers import open_reader
from hub.store.readings import chunk
from hub.store.readings.chunk import HOUR, Span
from hub.store.readings.compaction import Unpack, once, read_hour, unpack_all
from hub.store.readings.log import Said, read_span
from hub.store.readings.news import LeftOut, all_matters, unpack_news
from hub.store.seals.day_key import DayKeys, open_day_keys

AT_ONCE = 100_000
"""Messages that a window should hold; an hour with more is read in pieces, its columns anew for
each."""

EVENTS = f"SELECT {event.COLUMNS} FROM event WHERE at >= ? AND at < ?"  # noqa: S608 - constants
_REPORT = itemgetter(2)
_COUNT = "SELECT coalesce(sum(count), 0) FROM part WHERE hour = ?"
_NEXT_HOUR = "SELECT min(hour) FROM part WHERE hour >= ?"
_NEXT_EVENT = "SELECT min(at) FROM event WHERE at >= ?"


def replay_file(
    path: Path,
    *,
    start: float,
    end: float,
    uids: Iterable[str] | None,
    days: DayKeys | None = None,
) -> Iterator[Report]:
    """Yield the reports of a database file window by window, each in a transaction of its own.

    `days` opens what events tell of people; without it the keys beside the file do.
    """
    said = _replay(path, (start, end), uids, None, days or open_day_keys(path))
    yield from (each for each in said if isinstance(each, Report))


def replay_news(
    path: Path,
    passes: Passes = all_matters,
    *,
    start: float,
    end: float,
    needs: Mapping[str, Need],
    days: DayKeys | None = None,
) -> Iterator[Report | LeftOut]:
    """Yield what rules need of the history of the devices in `needs`, in event time.

    What a message has beside the points that are needed may be left out. What only says the same
    again is left out where no rule could notice it, and `Repeats` stand for it, behind the first
    of those messages. So does a `Passage` that `passes`, of which it is asked once all that lies
    before its hour has been taken.
    """
    news = _News(needs, passes)
    yield from _replay(path, (start, end), needs, news, days or open_day_keys(path))


def _replay(
    path: Path,
    asked: Span,
    uids: Iterable[str] | None,
    news: _News | None,
    days: DayKeys,
) -> Iterator[Report | LeftOut]:
    chosen = None if uids is None else sorted(set(uids))
    start, end = asked
    try:
        with closing(open_reader(path)) as connection:
            # What is sorted into chunks meanwhile is found in both, and taken once.
            fresh = _by_hour(read_span(connection, start, end, chosen))
            for span in _windows(connection, start, end, fresh):
                connection.execute("BEGIN")
                happened = list(_events(connection, span, chosen, days))
                hour = fresh.get(int(span[0] // HOUR), ())
                busy = {*(report.uid for report in happened), *(said[0] for said in hour)}
                unpack = news.begin(busy) if news else unpack_all
                read = read_hour(connection, span, chosen, unpack)
                reports = [*_said(read, span, hour), *happened]
                connection.execute("COMMIT")
                yield from in_order(reports) if news is None else news.in_order(reports)
    except sqlite3.Error as error:
        raise explain(error, str(path)) from error


class _News:
    """Unpacks what is news of an hour; devices that are `busy` have said something beside it."""

    def __init__(self, needs: Mapping[str, Need], passes: Passes) -> None:
        self._needs = needs
        self._passes = passes
        self._busy: Collection[str] = ()
        self._left_out: list[LeftOut] = []

    def begin(self, busy: Collection[str]) -> Unpack:
        """Turn to the next hour; return what unpacks its columns."""
        self._busy, self._left_out = busy, []
        return self

    def __call__(self, uid: str, body: bytes, span: Span, alone: bool) -> list[Said]:
        need = self._needs[uid]
        if not alone or uid in self._busy:
            return chunk.unpack(uid, body, span, need.points)
        said, left_out = unpack_news(uid, body, span, need, self._passes)
        self._left_out += left_out
        return said

    def in_order(self, reports: Iterable[Report]) -> list[Report | LeftOut]:
        """Return reports, and what stands for others, as they are replayed."""
        keyed: list[tuple[tuple[Any, ...], Report | LeftOut]] = [
            (_key(report), report) for report in reports
        ]
        keyed += [((each.at, inf, each.uid), each) for each in self._left_out]
        return [each for _, each in sorted(keyed, key=itemgetter(0))]


def in_order(reports: Iterable[Report]) -> list[Report]:
    """Sort reports as they are replayed: in event time, then in order of arrival."""
    return sorted(reports, key=_key)


def to_report(row: EventRow) -> Report:
    """Return the report that an event came in."""
    return Report(
        address="",
        uid=DeviceUid(row.uid),
        topic=Topic.EVENT,
        at=row.at,
        received=row.received,
        boot=row.boot,
        seq=row.seq,
        event=row.name,
        data=row.data,
    )


def _by_hour(said: Iterable[Said]) -> dict[int, list[Said]]:
    hours: dict[int, list[Said]] = {}
    for each in said:
        hours.setdefault(int(each[2].at // HOUR), []).append(each)
    return hours


def _windows(
    connection: sqlite3.Connection, start: float, end: float, fresh: Iterable[int]
) -> Iterator[Span]:
    while (start := max(start, _next_instant(connection, start, fresh))) < end:
        hour = start // HOUR
        over = min((hour + 1) * HOUR, end)
        count = connection.execute(_COUNT, (int(hour),)).fetchone()[0]
        pieces = count // AT_ONCE + 1
        edges = [start + (over - start) * piece / pieces for piece in range(pieces)]
        yield from zip(edges, [*edges[1:], over], strict=True)
        start = over


def _next_instant(connection: sqlite3.Connection, start: float, fresh: Iterable[int]) -> float:
    first = start // HOUR
    hour = connection.execute(_NEXT_HOUR, (first,)).fetchone()[0]
    event_at = connection.execute(_NEXT_EVENT, (start,)).fetchone()[0]
    hours = [each for each in (hour, *fresh) if each is not None and each >= first]
    return min(min(hours, default=inf) * HOUR, inf if event_at is None else event_at)


def _said(
    read: Iterable[dict[str, list[Said]]], span: Span, hour: Iterable[Said]
) -> Iterator[Report]:
    start, end = span
    fresh: dict[str, list[Said]] = {}
    for each in hour:
        fresh.setdefault(each[0], []).append(each)
    for devices in read:
        for uid, said in devices.items():
            if uid in fresh:
                fresh[uid] = [*said, *fresh[uid]]
            else:
                yield from map(_REPORT, said)
    for said in fresh.values():
        yield from (report for _, _, report in once(said) if start <= report.at < end)


def _events(
    connection: sqlite3.Connection, span: Span, uids: Sequence[str] | None, days: DayKeys
) -> Iterator[Report]:
    chosen, values = _choice(uids)
    for row in connection.execute(EVENTS + chosen, (*span, *values)):
        yield to_report(event.to_event(row, days))


def _choice(uids: Sequence[str] | None) -> tuple[str, tuple[str, ...]]:
    if uids is None:
        return "", ()
    return f" AND uid IN ({', '.join('?' * len(uids))})", tuple(uids)


def _key(report: Report) -> tuple[Any, ...]:
    seq = -1 if report.seq is None else report.seq
    return report.at, report.received, report.uid, report.boot, seq, report.event
