"""What people said of themselves is in no byte of the database, and goes with its day."""

from __future__ import annotations

from pathlib import Path

from hub.clock import ManualClock
from hub.config.storage import StoreSettings
from hub.model.whistle import PERSONAL, personal_key
from hub.ports import Changes, Document
from hub.store.deletion.retention import plan_retention
from hub.store.seals.day_key import DayKeys
from hub.store.sqlite import SqliteStore, open_store
from tests.contract.store_cases import NOW

DAY = 86_400.0
SECRET = b'{"phone":"13800000000"}'
FIRST, SECOND = personal_key(NOW, "one"), personal_key(NOW + DAY, "two")


def holds(path: Path, word: bytes) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if word in file.read_bytes())


def paper(key: str, body: bytes | None = SECRET) -> Document:
    at = float(key[:10])
    return Document(collection=PERSONAL, key=key, body=body, at=at, personal_at=at)


async def written(store: SqliteStore, *papers: Document) -> dict[str, bytes]:
    await store.committer.commit(Changes(documents=[*papers]))
    return await store.books.documents(PERSONAL)


async def test_it_is_sealed_read_as_given_and_readable_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    async with open_store(path, clock=ManualClock(NOW)) as store:
        assert await written(store, paper(FIRST)) == {FIRST: SECRET}
        assert holds(path, b"13800000000") == []
    async with open_store(path, clock=ManualClock(NOW)) as store:
        assert await store.books.document(PERSONAL, FIRST) == SECRET
        assert await store.books.document(PERSONAL, SECOND) is None


async def test_a_days_key_goes_only_behind_its_documents(tmp_path: Path) -> None:
    path, late = tmp_path / "hub.db", NOW + 400 * DAY
    async with open_store(path, clock=ManualClock(NOW)) as store:
        await store.upkeep.ageing.keep(plan_retention(StoreSettings(), [], {}))
        await written(store, paper(FIRST), paper(SECOND))
        await store.upkeep.ageing.forget(late)
        assert set(await store.books.documents(PERSONAL)) == {FIRST, SECOND}, "a clock ran ahead"
        await written(store, paper(FIRST, None))
        await store.upkeep.ageing.forget(late)
        keys = (path.parent / "hub.db.day-keys").read_text("ascii")
        assert [line.split()[0] for line in keys.splitlines() if line[0] != "#"] == ["4"]
        assert await store.books.documents(PERSONAL) == {SECOND: SECRET}


async def test_without_the_key_of_its_day_it_is_not_there(tmp_path: Path) -> None:
    path, clock = tmp_path / "hub.db", ManualClock(NOW)
    async with open_store(path, clock=clock) as store:
        await written(store, paper(FIRST), Document(collection=PERSONAL, key="x", body=b"{}"))
    async with open_store(path, clock=clock, days=DayKeys(None, {})) as store:
        assert await store.books.document(PERSONAL, FIRST) is None
        assert await store.books.documents(PERSONAL) == {"x": b"{}"}


async def test_what_is_held_is_told(tmp_path: Path) -> None:
    async with open_store(tmp_path / "hub.db", clock=ManualClock(NOW)) as store:
        await store.upkeep.ageing.keep(plan_retention(StoreSettings(keep_reports=30), [], {}))
        await written(store, paper(SECOND), paper(FIRST))
        held = {each.kind: each for each in await store.holdings()}
        assert held["reports"].keep_days == 30
        assert held["reports"].oldest == float(int(NOW))
