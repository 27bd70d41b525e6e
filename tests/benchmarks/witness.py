"""Looks at a running hub, or a peer, from outside: its database, its process, its counters."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec

from hub.store.readings.replay import replay_file
from tests.support.hub_process import HubProcess

LOOK = 0.02
"""Seconds between two looks at how much is stored."""
GLANCE = 0.0005
"""Seconds between two looks for new tickets: by so much a latency may be too long."""
PATIENCE = 90.0
"""Seconds without progress after which what is missing counts as lost."""
_STORED = (
    "SELECT coalesce(sum(count), 0) + coalesce((SELECT value FROM meta WHERE key = 'sorted'), 0)"
    " FROM intake WHERE id > coalesce("
    "(SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'sorted_through'), 0)"
)
_NEW_ALARMS = "SELECT rowid, raised_at FROM alarm WHERE rowid > ? ORDER BY rowid"


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub has used since it started: CPU seconds, batches, messages."""

    cpu: float
    batches: int
    messages: int


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What the store holds in the end, against what was acknowledged to the publisher."""

    lost: int
    doubled: int
    tickets: int
    tickets_missing: int
    tickets_doubled: int


class Watch:
    """Watches one process and its database, which has a table of alarms; `stored` counts messages.

    The process may be another by each look: `pid` is asked each time.
    """

    def __init__(self, store: Path, pid: Callable[[], int], stored: str = _STORED) -> None:
        self._pid = pid
        self._store = f"file:{store}?mode=ro"
        self._stored = stored

    async def until_stored(self, messages: int) -> float:
        """Return the instant at which so many messages were seen in the store."""
        with self.open_store() as store:
            stored, since = -1, time.monotonic()
            while time.monotonic() - since < PATIENCE:
                found = self._count(store)
                if found >= messages:
                    return time.time()
                if found != stored:
                    stored, since = found, time.monotonic()
                await asyncio.sleep(LOOK)
        msg = f"{messages - stored} of {messages} messages have not reached the store"
        raise AssertionError(msg)

    def count_stored(self) -> int:
        """Return how many messages are in the store now."""
        with self.open_store() as store:
            return self._count(store)

    def _count(self, store: sqlite3.Connection) -> int:
        """Count what the log holds, and what was sorted out of it."""
        return int(store.execute(self._stored).fetchone()[0])

    def memory(self) -> float:
        """Return the resident memory of the hub in MB."""
        lines = dict(line.split(":", 1) for line in self._proc("status").splitlines())
        return int(lines["VmRSS"].split()[0]) / 1024

    @contextlib.asynccontextmanager
    async def timing(self) -> AsyncIterator[list[float]]:
        """Collect the seconds from each message that opens a ticket to its ticket in the store.

        A thread asks SQLite whether somebody has committed, and if so for new alarms; an alarm
        carries the `ts` of its message, and its ticket is in the same transaction.
        """
        latencies: list[float] = []
        over = threading.Event()
        thread = threading.Thread(target=self._time, args=(latencies, over))
        thread.start()
        try:
            yield latencies
        finally:
            over.set()
            await asyncio.to_thread(thread.join)

    def _time(self, latencies: list[float], over: threading.Event) -> None:
        with self.open_store() as store:
            version = -1
            last = store.execute("SELECT coalesce(max(rowid), 0) FROM alarm").fetchone()[0]
            while not over.is_set():
                time.sleep(GLANCE)
                seen = store.execute("PRAGMA data_version").fetchone()[0]
                if seen == version:
                    continue
                version, now = seen, time.time()
                for row, raised_at in store.execute(_NEW_ALARMS, (last,)).fetchall():
                    latencies.append(now - raised_at)
                    last = row

    @contextlib.contextmanager
    def open_store(self) -> Iterator[sqlite3.Connection]:
        """Open the database for reading, in this thread."""
        with contextlib.closing(sqlite3.connect(self._store, uri=True)) as store:
            yield store

    def _proc(self, name: str) -> str:
        return Path("/proc", str(self._pid()), name).read_text("ascii")


class Witness(Watch):
    """Watches one hub."""

    def __init__(self, hub: HubProcess) -> None:
        pid = json.loads(hub.ready_file.read_bytes())["pid"]
        super().__init__(hub.store, lambda: int(pid))
        self._hub = hub

    async def usage(self) -> Usage:
        """Read the hub's CPU time from /proc and its counters from /metrics."""
        text = await self._hub.read("/metrics")
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
        fields = self._proc("stat").rpartition(")")[2].split()
        return Usage(
            cpu=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
            batches=int(float(values["lingdang_batches_total"])),
            messages=int(float(values["lingdang_messages_committed_total"])),
        )

    def audit(self, messages: int, devices: int) -> Audit:
        """Compare the store with `messages` acknowledged ones, dealt out to the devices in turn.

        A message is known by its device and `seq`.
        """
        times = Counter(read_known(self._hub.store))
        with self.open_store() as store:
            tickets = store.execute(
                "SELECT json_extract(body, '$.uid'), count(*) FROM ticket GROUP BY 1"
            ).fetchall()
        expected = sum(_breaks(device, messages, devices) for device in range(devices))
        return Audit(
            lost=messages - len(times),
            doubled=times.total() - len(times),
            tickets=sum(count for _, count in tickets),
            tickets_missing=expected - len(tickets),
            tickets_doubled=sum(count - 1 for _, count in tickets),
        )


def read_known(store: Path) -> list[tuple[str, int | None]]:
    """Return (uid, seq) of each message that a hub has stored."""
    reports = replay_file(store, start=0.0, end=math.inf, uids=None)
    return [(report.uid, report.seq) for report in reports if report.boot]


def _breaks(device: int, messages: int, devices: int) -> bool:
    """Tell whether a device has broken at least once: in the round that its number ends in."""
    rounds = (messages - device + devices - 1) // devices
    return device % 100 < rounds
