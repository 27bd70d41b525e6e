"""A disk that is really full: a small tmpfs, where the test may mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import StoreFullError
from hub.ports import Changes
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, each_said, entry, reading

pytestmark = pytest.mark.integration


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk; max_page_count stands in for it elsewhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_what_was_acknowledged_before_the_disk_was_full_stays(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    async with open_store(small_disk / "hub.db", clock=ManualClock(NOW)) as store:
        with pytest.raises(StoreFullError):
            await _fill(store)
        seq = (await store.archive.load(now=NOW)).last_seq
        assert seq > 0
        ballast.unlink()
        await store.committer.commit(_batch(seq + 1))
        page = await store.archive.history("d1", "power.active", start=0, end=NOW * 2, limit=10**6)
        assert len(page.rows) == 100 * (seq + 1)


async def _fill(store: SqliteStore) -> None:
    for seq in range(1, 10_000):
        await store.committer.commit(_batch(seq))
        assert (await store.archive.load(now=NOW)).last_seq == seq


def _batch(seq: int) -> Changes:
    rows = [reading(NOW + seq, float(n), boot="b", seq=seq * 100 + n) for n in range(100)]
    messages = each_said(rows)
    return Changes(readings=messages, journal=[entry(seq)])
