"""A disk that is really full: a small tmpfs, where the test may mount one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import StoreFullError
from hub.ports import Changes
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, each_said, entry, reading
from tests.support.small_disk import small_disk

pytestmark = pytest.mark.integration


async def test_what_was_acknowledged_before_the_disk_was_full_stays(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 500_000)
        async with open_store(disk / "hub.db", clock=ManualClock(NOW)) as store:
            with pytest.raises(StoreFullError):
                await _fill(store)
            seq = (await store.archive.load(now=NOW)).last_seq
            assert seq > 0
            ballast.unlink()
            await store.committer.commit(_batch(seq + 1))
            found = store.archive.history("d1", "power.active", start=0, end=NOW * 2, limit=10**6)
            page = await found
            assert len(page.rows) == 100 * (seq + 1)


async def _fill(store: SqliteStore) -> None:
    for seq in range(1, 10_000):
        await store.committer.commit(_batch(seq))
        assert (await store.archive.load(now=NOW)).last_seq == seq


def _batch(seq: int) -> Changes:
    rows = [reading(NOW + seq, float(n), boot="b", seq=seq * 100 + n) for n in range(100)]
    messages = each_said(rows)
    return Changes(readings=messages, journal=[entry(seq)])
