"""A hub that is killed keeps every commit that it acknowledged."""

from __future__ import annotations

import math
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from hub.store.readings.replay import replay_file

pytestmark = pytest.mark.integration

KILLS = 10
CHILD = """
import asyncio, sys
from pathlib import Path
from hub.clock import SystemClock
from hub.model.journal import Entry
from hub.model.report import Report, Sample, Topic
from hub.ports import Changes, EventRow
from hub.store.sqlite import open_store

async def main():
    clock = SystemClock()
    async with open_store(Path(sys.argv[1]), clock=clock) as store:
        seq = (await store.archive.load(now=clock.now())).last_seq
        print("open", flush=True)
        while True:
            seq += 1
            now = clock.now()
            rows = [
                Report(address="", topic=Topic.STATE, uid=f"d{n}", at=now, received=now,
                       boot="b", seq=seq, samples=(Sample("p", seq),))
                for n in range(20)
            ]
            entry = Entry(seq=seq, at=now, type="t.t", subject="s", actor="hub")
            # Each of another day, and so sealed under a key that has to be written first.
            read = EventRow(uid="cam", name="plate.read", at=now - seq * 86400, received=now,
                            boot="b", seq=seq, data={"plate": seq})
            changes = Changes(readings=rows, events=[read], journal=[entry])
            await store.committer.commit(changes)
            print(seq, flush=True)

asyncio.run(main())
"""


def _run_and_kill(path: Path, after: float) -> int:
    """Return the last number that the child acknowledged before it was killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        first = [child.stdout.readline(), child.stdout.readline()]
        assert first[0] == "open\n", "the store opens after each kill"
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
        rest = child.stdout.read()
    whole = (first[1] + rest).rpartition("\n")[0].split()
    return int(whole[-1])


def test_no_acknowledged_commit_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    chance = random.Random(7)
    last = 0
    for _ in range(KILLS):
        acknowledged = _run_and_kill(path, chance.uniform(0.0, 0.15))
        assert acknowledged > last
        last = acknowledged
        _check(path, acknowledged)


def _check(path: Path, acknowledged: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        seqs = [row[0] for row in connection.execute("SELECT seq FROM journal ORDER BY seq")]
    reports = list(replay_file(path, start=0.0, end=math.inf, uids=None))
    counts = sorted(Counter(report.seq for report in reports if not report.event).items())
    plates = {report.seq: report.data for report in reports if report.event}
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= acknowledged
    assert counts == [(seq, 20) for seq in seqs], "a batch is there as a whole or not at all"
    assert plates == {seq: {"plate": seq} for seq in seqs}, "with the key of its day"
