"""Running state that tells of people is in no byte of the database, and goes with its day."""

from __future__ import annotations

from pathlib import Path

from hub.clock import ManualClock
from hub.config.storage import StoreSettings
from hub.ports import Changes, StateRow
from hub.store.deletion.retention import plan_retention
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, event

DAY = 86_400.0
PLAN = plan_retention(StoreSettings(), [], {})
PLAIN, SECRET = b"\x90hold", b"\x90hash-of-nobody"


def holds(path: Path, word: bytes) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if word in file.read_bytes())


async def states(store: SqliteStore, now: float) -> dict[str, bytes | None]:
    return {row.key: row.data for row in (await store.archive.load(now=now)).states}


async def test_a_plate_in_the_running_state_is_sealed_and_forgotten_with_its_day(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hub.db"
    rows = [
        StateRow(key="u1|r", data=PLAIN),
        StateRow(key="u1|#", data=SECRET, personal_at=NOW),
        StateRow(key="u2|#", data=SECRET, personal_at=NOW + 2 * DAY),
    ]
    async with open_store(path, clock=ManualClock(NOW)) as store:
        await store.committer.commit(Changes(states=rows))
        assert holds(path, b"hash-of-nobody") == []
        assert holds(path, PLAIN) == ["hub.db-wal"]
        given = {"u1|r": PLAIN, "u1|#": SECRET, "u2|#": SECRET}
        assert await states(store, NOW) == given, "out of the log"
        await store.upkeep.tidy(now=NOW)
        assert await states(store, NOW) == given, "out of its table"
        await store.upkeep.ageing.keep(PLAN)
        later = NOW + 31 * DAY
        await store.committer.commit(Changes(events=[event(later, "link.back")]))
        await store.upkeep.ageing.forget(later, 10**6)
        assert await states(store, later) == {"u1|r": PLAIN, "u2|#": SECRET}
    async with open_store(path, clock=ManualClock(later)) as store:
        assert holds(path, b"hash-of-nobody") == []
        assert await states(store, later) == {"u1|r": PLAIN, "u2|#": SECRET}
        await store.committer.commit(Changes(states=[StateRow(key="u2|#", data=None)]))
        assert await states(store, later) == {"u1|r": PLAIN}
