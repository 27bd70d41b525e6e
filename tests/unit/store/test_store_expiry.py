"""Retention over years: readings go, their roll-ups stay longer, and nothing comes back."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.config.storage import StoreSettings
from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Device, DeviceUid, Kind
from hub.ports import Changes, ReadingRow
from hub.store import bounds
from hub.store.deletion import expiry
from hub.store.deletion.retention import Keep, Retention, keep_of, limits, plan_retention
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW, each_said, reading, said

DAY = 86_400.0
HOUR = 3600.0
YEARS = 4
USUAL = Keep(readings=90, hours=1095)
SHORT, LONG = Keep(readings=7, hours=30), Keep(readings=400, hours=1400)
RETENTION = Retention(usual=USUAL, own={"d1": {"short": SHORT, "long": LONG}})
END = NOW + YEARS * 365 * DAY
STEP = 23.5 * DAY
"""Seconds between two messages: years of them are soon written."""


def sql(path: Path, statement: str) -> list[tuple[int, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def message(at: float, number: int, uid: str, points: Sequence[str]) -> list[ReadingRow]:
    return [
        reading(at, float(number), uid=uid, point=point, seq=number, boot="b") for point in points
    ]


async def readings(store: SqliteStore, point: str = "power.active", uid: str = "d1") -> list[float]:
    page = await store.archive.history(uid, point, start=0, end=END * 2, limit=10**6)
    return [row.at for row in page.rows]


async def hours(store: SqliteStore, point: str = "power.active", uid: str = "d1") -> list[float]:
    found = await store.archive.rollups(uid, point, start=0, end=END * 2, limit=10**6)
    return [row.at for row in found]


def since(days: int) -> list[float]:
    """Return the instants of messages of the last days."""
    instants = [NOW + STEP * number for number in range(int((END - NOW) // STEP) + 1)]
    return [at for at in instants if at >= (END - days * DAY) // HOUR * HOUR]


def since_ever() -> list[float]:
    return since(YEARS * 366)


async def fill(path: Path) -> None:
    rows = []
    for number, at in enumerate(since(YEARS * 366)):
        rows.append(said(*message(at, number, "d1", ("power.active", "short", "long"))))
        rows.append(said(*message(at, number, "d2", ("power.active", "short"))))
    async with open_store(path, clock=ManualClock(END)) as store:
        now = each_said([reading(END, uid="d3")])
        await store.committer.commit(Changes(readings=[*rows, *now]))
        await store.upkeep.tidy(now=END + 3 * HOUR)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four years of two devices, in columns and rolled up; nothing is deleted yet."""
    path = tmp_path_factory.mktemp("filled") / "hub.db"
    asyncio.run(fill(path))
    return path


@pytest.fixture
async def store(filled: Path, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store of its own of these four years."""
    shutil.copy(filled, tmp_path / "hub.db")
    async with open_store(tmp_path / "hub.db", clock=ManualClock(END)) as store:
        yield store


async def test_nothing_goes_before_it_was_said_what_is_kept(store: SqliteStore) -> None:
    assert len(await readings(store)) == len(await hours(store)) == len(since(YEARS * 366))


async def test_readings_and_roll_ups_go_at_their_own_time(store: SqliteStore) -> None:
    await store.upkeep.ageing.keep(RETENTION)
    await store.upkeep.tidy(now=END + HOUR)
    assert await readings(store, "short") == since(7)
    assert await readings(store) == since(90)
    assert await readings(store, "long") == since(400)
    assert await readings(store, "short", "d2") == since(90), "only its model says otherwise"
    for days, point in ((30, "short"), (1095, "power.active"), (1400, "long")):
        [oldest, *_] = await hours(store, point)
        kept = len(await hours(store, point))
        assert kept == pytest.approx(len(since(days)), abs=1), point
        assert oldest >= END - (days + 1) * DAY, point
    [(left,)] = sql(store.path, "SELECT count(*) FROM chunk WHERE uid = 'd2'")
    assert left == len(since(90)), "nothing of it is left behind"


async def test_a_point_says_since_when_its_readings_are_complete(store: SqliteStore) -> None:
    assert await store.reach("d1", "short") is None
    await store.upkeep.ageing.keep(RETENTION)
    assert await store.reach("d1", "short") is None, "nothing is deleted yet"
    await store.upkeep.tidy(now=END + HOUR)
    for point, days in (("short", 7), ("power.active", 90), ("long", 400)):
        since = await store.reach("d1", point)
        [before, *_] = [at for at in since_ever() if at >= (END - days * DAY) // HOUR * HOUR]
        assert since is not None, point
        assert since <= before, "what is there is complete"
        assert since > before - 2 * STEP, (point, "and no earlier than what is there")


async def test_what_went_is_counted_and_the_file_grows_no_more(store: SqliteStore) -> None:
    await store.upkeep.ageing.keep(Retention(usual=USUAL))
    await store.upkeep.tidy(now=END + HOUR)
    gone = len(since(YEARS * 366)) - len(since(90))
    assert (await store.books.counters())[bounds.HISTORY_OLD] == 2 * gone
    await store.upkeep.tidy(now=END + HOUR)
    assert (await store.books.counters())[bounds.HISTORY_OLD] == 2 * gone
    assert sql(store.path, "SELECT count(*) FROM part") == [(len(since(90)) + 1,)]


async def test_a_hub_that_was_off_for_long_deletes_nothing_yet(store: SqliteStore) -> None:
    await store.upkeep.ageing.keep(RETENTION)
    await store.upkeep.tidy(now=END + 100 * 365 * DAY)
    assert await readings(store) == since(90)


@pytest.mark.parametrize(("days", "point"), [(27, "short"), (300, "power.active"), (600, "long")])
async def test_what_comes_late_spoils_no_roll_up_whose_readings_are_gone(
    store: SqliteStore, days: int, point: str
) -> None:
    await store.upkeep.ageing.keep(RETENTION)
    await store.upkeep.tidy(now=END + HOUR)
    old = since(days)[0]
    assert old not in await readings(store, point)
    assert old // HOUR * HOUR in await hours(store, point)
    before = await store.archive.rollups("d1", point, start=0, end=END, limit=999)
    late = message(old + 1, 9999, "d1", ("short", "power.active", "long"))
    await store.committer.commit(Changes(readings=[said(*late)]))
    for _ in range(3):
        assert await store.archive.rollups("d1", point, start=0, end=END, limit=999) == before
        await store.upkeep.tidy(now=END + HOUR)
    assert old + 1 not in await readings(store, point)


async def test_what_comes_late_to_readings_that_are_kept_changes_their_roll_up(
    store: SqliteStore,
) -> None:
    await store.upkeep.ageing.keep(RETENTION)
    await store.upkeep.tidy(now=END + HOUR)
    old = since(27)[0]
    late = message(old + 1, 9999, "d1", ("short", "power.active"))
    await store.committer.commit(Changes(readings=[said(*late)]))
    await store.upkeep.tidy(now=END + HOUR)
    [first, *_] = await store.archive.rollups("d1", "power.active", start=old, end=END, limit=1)
    assert (first.count, first.last) == (2, 9999.0)


async def test_a_shorter_limit_later_on_reaches_what_is_stored(store: SqliteStore) -> None:
    await store.upkeep.ageing.keep(RETENTION)
    await store.upkeep.tidy(now=END + HOUR)
    shorter = Keep(readings=20, hours=60)
    own = {"d1": {"short": SHORT, "long": LONG, "power.active": shorter}}
    await store.upkeep.ageing.keep(Retention(usual=USUAL, own=own))
    await store.upkeep.tidy(now=END + HOUR)
    assert await readings(store) == since(20)
    assert len(await hours(store)) == pytest.approx(len(since(60)), abs=1)
    assert await readings(store, "power.active", "d2") == since(90)


async def test_deleting_that_was_cut_off_is_taken_up_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.upkeep.ageing.keep(RETENTION)
    monkeypatch.setattr(expiry, "ROWS", 1)
    for _ in range(9):
        await store.upkeep.ageing.forget(END + HOUR, 1)
    assert len(await readings(store, "short")) < len(since(YEARS * 366))
    await store.upkeep.ageing.forget(END + HOUR, 10**6)
    assert await readings(store, "short") == since(7)
    assert await readings(store, "long") == since(400)


def test_a_plan_takes_models_into_account() -> None:
    points = {
        "a": PointSpec(name="a", type=PointType.NUMBER),
        "b": PointSpec(name="b", type=PointType.NUMBER, keep_readings=7),
        "c": PointSpec(name="c", type=PointType.COUNTER, keep_hours=3650),
    }
    model = DeviceModel(
        id="m", kind=Kind.SENSOR, driver="lingdang", name={"zh": "", "en": ""}, points=points
    )
    known = Device(
        uid=DeviceUid("u1"), id="s1", address="s1", kind=Kind.SENSOR, model="m", place="g"
    )
    plan = plan_retention(StoreSettings(), [known], {"m": model})
    assert keep_of(plan, "u1", "a") == USUAL
    assert keep_of(plan, "u1", "b") == Keep(readings=7, hours=1095)
    assert keep_of(plan, "u1", "c") == Keep(readings=90, hours=3650)
    assert keep_of(plan, "u9", "b") == USUAL
    assert limits(plan) == ([7, 90], [1095, 3650])
