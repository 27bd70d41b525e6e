"""What is held of each kind of data, and the entry that tells of each deletion, once."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.assembly.deletion import tell_deletions
from hub.clock import ManualClock
from hub.config.storage import StoreSettings
from hub.ports import Changes, Document, Holding
from hub.store.deletion.retention import plan_retention
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, each_said, entry, event, newcomer, quarantined, reading

DAY = 86_400.0
PLAN = plan_retention(StoreSettings(), [], {})


class Desk:
    """Commits what is written, with numbers as the intake gives them."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.told: list[dict[str, Any]] = []

    async def write(
        self,
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]] = (),
    ) -> None:
        numbered = [
            entry(len(self.told) + 1 + n, kind, subject=subject, actor=actor, data=data, at=NOW)
            for n, (kind, subject, actor, data) in enumerate(entries)
        ]
        await self._store.committer.commit(Changes(documents=[*documents], journal=numbered))
        self.told += [each.data for each in numbered]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path / "hub.db", clock=ManualClock(NOW)) as store:
        await store.committer.commit(
            Changes(
                readings=each_said([reading(NOW - 91 * DAY), reading(NOW - DAY), reading(NOW)]),
                events=[
                    event(NOW, "link.back"),
                    event(NOW - 31 * DAY, "plate.read", data={"plate": "hash-of-nobody"}),
                    event(NOW - 29 * DAY, "plate.read", data={"plate": "hash-of-nobody"}),
                    event(NOW - 181 * DAY, "access.granted", data={"card": "card-of-nobody"}),
                ],
                quarantine=[quarantined(NOW - DAY)],
                newcomers=[newcomer(NOW - 2 * DAY)],
            )
        )
        yield store


async def held(store: SqliteStore) -> dict[str, Holding]:
    return {each.kind: each for each in await store.holdings()}


async def test_each_kind_says_how_long_since_when_and_what_went(store: SqliteStore) -> None:
    assert await store.holdings() == [], "nothing is promised before it was said what is kept"
    await store.upkeep.ageing.keep(PLAN)
    before = await held(store)
    assert before["vehicle_events"].oldest == NOW - 31 * DAY
    assert before["vehicle_events"].complete_since is None
    assert before["readings"].oldest == pytest.approx(NOW - 91 * DAY, abs=3600)
    await store.upkeep.tidy(now=NOW + 2 * 3600)
    after = await held(store)
    assert {kind: (each.keep_days, each.deleted) for kind, each in after.items()} == {
        "readings": (90, 1),
        "hours": (1095, 0),
        "device_events": (1095, 0),
        "access_events": (180, 1),
        "vehicle_events": (30, 1),
        "quarantine": (7, 0),
        "newcomers": (90, 0),
        "reports": (180, 0),
        "journal": (None, 0),
    }
    vehicles = after["vehicle_events"]
    assert vehicles.oldest == NOW - 29 * DAY
    assert vehicles.complete_since == pytest.approx(NOW - 30 * DAY, abs=7200)
    assert vehicles.deleted_at == pytest.approx(NOW, abs=7200)
    assert after["access_events"].oldest is None
    assert after["readings"].complete_since == pytest.approx(NOW - 91 * DAY, abs=7200)
    assert after["quarantine"].oldest == NOW - DAY
    assert after["newcomers"].oldest == NOW - 2 * DAY


async def test_a_deletion_is_told_once_with_counts_and_nothing_of_people(
    store: SqliteStore,
) -> None:
    desk = Desk(store)
    await store.upkeep.ageing.keep(PLAN)
    assert await tell_deletions(store, desk, now=NOW)  # type: ignore[arg-type]
    assert desk.told == [], "nothing went, nothing is told"
    await store.upkeep.tidy(now=NOW + 2 * 3600)
    for _ in range(2):
        assert await tell_deletions(store, desk, now=NOW)  # type: ignore[arg-type]
    first = {"readings": 1, "access_events": 1, "vehicle_events": 1}
    assert desk.told == [{"deleted": first}]
    await store.committer.commit(Changes(events=[event(NOW - 40 * DAY, "plate.read", seq=9)]))
    await store.upkeep.ageing.forget(NOW, 9)
    assert await tell_deletions(store, desk, now=NOW)  # type: ignore[arg-type]
    assert desk.told[1:] == [{"deleted": {"vehicle_events": 1}}]
    (row, *_) = await store.books.journal(after=0, limit=9, types=["store.deleted"])
    assert b"nobody" not in msgspec.json.encode(row)


async def test_nothing_is_told_while_the_log_may_still_hold_it(store: SqliteStore) -> None:
    desk = Desk(store)
    await store.upkeep.ageing.keep(PLAN)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM event").fetchone()
        await store.upkeep.tidy(now=NOW + 2 * 3600)
        assert not await tell_deletions(store, desk, now=NOW)  # type: ignore[arg-type]
        assert desk.told == []
    assert await tell_deletions(store, desk, now=NOW)  # type: ignore[arg-type]
    assert len(desk.told) == 1
