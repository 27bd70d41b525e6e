"""History out of SQLite: what a start needs, one point's curve, a device's events, a replay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from hub.model.report import Report
from hub.ports import EventRow, HistoryPage, HourOfPoint, RollupRow, Snapshot
from hub.store import event
from hub.store.readers import Readers
from hub.store.readings.history import read_point, read_rollups
from hub.store.readings.recall import recall_file, recall_hours
from hub.store.readings.replay import replay_file
from hub.store.seals.day_key import DayKeys
from hub.store.seals.state_seal import open_states
from hub.store.snapshot import load_snapshot

_EVENTS = (
    f"SELECT {event.COLUMNS} FROM event"  # noqa: S608 - constants
    " WHERE uid = ? AND at >= ? AND at < ? AND ? IN ('', name) ORDER BY at, received, tie LIMIT ?"
)


class SqliteArchive:
    """Reads history; every call opens its own short read transaction."""

    def __init__(self, path: Path, readers: Readers, days: DayKeys) -> None:
        self._path = path
        self._days = days
        self._readers = readers

    async def load(self, *, now: float) -> Snapshot:
        """Read what a start needs, as of one moment."""
        found = await self._readers.read(partial(load_snapshot, now=now), limit=None)
        found.states = list(open_states(found.states, self._days))
        return found

    async def history(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> HistoryPage:
        """Read a point's readings with start <= at < end.

        `next` is the `start` of the next page. Readings of one instant are never split between
        pages, so a page can be longer than `limit` where very many share one.
        """
        return await self._readers.read(
            lambda connection: read_point(connection, (uid, point), (start, end), limit)
        )

    async def rollups(
        self, uid: str, point: str, *, start: float, end: float, limit: int
    ) -> list[RollupRow]:
        """Read a point's hours from the one of `start` on that begin before `end`, oldest first."""
        return await self._readers.read(
            lambda connection: read_rollups(connection, (uid, point), (start, end), limit)
        )

    async def events(
        self, uid: str, *, start: float, end: float, limit: int, name: str = ""
    ) -> list[EventRow]:
        """Read a device's events with start <= at < end, oldest first; of one name where given."""
        found = await self._readers.read(
            lambda connection: connection.execute(
                _EVENTS, (uid, start, end, name, limit)
            ).fetchall()
        )
        return [event.to_event(row, self._days) for row in found]

    def replay(
        self, *, start: float, end: float, uids: Iterable[str] | None = None
    ) -> Iterator[Report]:
        """Yield stored readings and events as reports, in event time; blocking, for a thread.

        It reads in short transactions, so a long replay does not hold up the writer's log.
        """
        return replay_file(self._path, start=start, end=end, uids=uids, days=self._days)

    def recall(self, *, start: float, end: float, uids: Collection[str]) -> Iterator[Report]:
        """Yield readings of `uids` and events of all, each device's in event time; blocking."""
        return recall_file(self._path, start=start, end=end, uids=uids, days=self._days)

    def recall_hours(
        self, *, start: float, end: float, points: Mapping[str, Collection[str]]
    ) -> Iterator[HourOfPoint]:
        """Yield what points of devices were in the hours of that time; blocking."""
        return recall_hours(self._path, (start, end), points)
