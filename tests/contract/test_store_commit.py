"""What a commit promises, held against every store."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.model.alarm import AlarmState
from hub.model.command import CommandState
from hub.model.report import Quality, Value
from hub.model.ticket import TicketState
from hub.ports import Changes, DigestRow, Document, StateRow
from hub.store import bounds
from tests.contract.store_cases import (
    NOW,
    OPENERS,
    Store,
    alarm,
    command,
    each_said,
    entry,
    everything,
    feed_item,
    newcomer,
    quarantined,
    reading,
    said,
    ticket,
)

HOUR = 3600.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(params=OPENERS)
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> AsyncIterator[Store]:
    async with OPENERS[request.param](tmp_path, clock) as opened:
        yield opened


async def _all_that_is_kept(store: Store) -> list[Any]:
    return [
        await store.archive.load(now=NOW),
        list(store.archive.replay(start=0, end=NOW * 2)),
        await store.books.journal(after=0, limit=100),
        await store.books.feed(after=0, limit=100),
        await store.books.quarantine(limit=100),
        await store.books.newcomers(limit=100),
        await store.books.counters(),
        await store.books.documents("person"),
    ]


async def test_an_empty_store_starts_from_nothing(store: Store) -> None:
    snapshot = await store.archive.load(now=NOW)
    assert not any([snapshot.points, snapshot.alarms, snapshot.tickets, snapshot.commands])
    assert snapshot.last_seq == 0
    assert snapshot.last_ticket == {}


async def test_a_start_finds_everything_that_was_committed(store: Store) -> None:
    changes = everything()
    await store.committer.commit(changes)
    snapshot = await store.archive.load(now=NOW)
    assert snapshot.cursors == changes.cursors
    assert snapshot.digests == changes.digests
    assert snapshot.heard == changes.heard
    assert snapshot.states == changes.states
    assert snapshot.alarms == changes.alarms
    assert snapshot.tickets == changes.tickets
    assert snapshot.commands == changes.commands
    assert snapshot.last_seq == 2
    assert snapshot.last_ticket == {"20261124": 7}
    assert [(row.point, row.value, row.seq) for row in snapshot.points] == [
        ("arm.position", "open", None),
        ("power.active", 1.5, 1),
    ]


async def test_the_same_batch_twice_changes_nothing(store: Store) -> None:
    await store.committer.commit(everything())
    once = await _all_that_is_kept(store)
    await store.committer.commit(everything())
    assert await _all_that_is_kept(store) == once
    assert len(once[4]) == 2, "two equal messages in quarantine stay two"
    assert once[5][0]["count"] == 2


async def test_an_empty_batch_is_a_commit_too(store: Store) -> None:
    await store.committer.commit(Changes())
    assert (await store.archive.load(now=NOW)).last_seq == 0


@pytest.mark.parametrize(
    "value",
    [True, False, 0, 7, -3, 2**53, 2**53 + 1, -(2**60), 0.0, 1.5, 3.0, 1e300, "", "open", "1.5"],
)
async def test_a_value_comes_back_with_its_type(store: Store, value: Value) -> None:
    await store.committer.commit(Changes(readings=[said(reading(value=value))]))
    page = await store.archive.history("d1", "power.active", start=0, end=NOW + 1, limit=10)
    (latest,) = (await store.archive.load(now=NOW)).points
    for found in (page.rows[0].value, latest.value):
        assert found == value
        assert type(found) is type(value)


async def test_no_value_and_no_number_stay_apart(store: Store) -> None:
    bad = reading(NOW, None, quality=Quality.BAD)
    odd = reading(NOW + 1, math.nan, quality=Quality.UNCERTAIN)
    await store.committer.commit(Changes(readings=each_said([bad, odd])))
    page = await store.archive.history("d1", "power.active", start=0, end=NOW + 9, limit=10)
    assert page.rows[0] == bad
    assert isinstance(page.rows[1].value, float)
    assert math.isnan(page.rows[1].value)
    assert page.rows[1].quality is Quality.UNCERTAIN


async def test_a_late_reading_goes_to_history_but_is_not_the_latest(store: Store) -> None:
    late = said(reading(NOW - 500, 2.0, received=NOW), late=True)
    await store.committer.commit(Changes(readings=[said(reading(NOW, 1.0)), late]))
    snapshot = await store.archive.load(now=NOW)
    page = await store.archive.history("d1", "power.active", start=0, end=NOW + 1, limit=10)
    assert [row.value for row in snapshot.points] == [1.0]
    assert [row.value for row in page.rows] == [2.0, 1.0]


@pytest.mark.parametrize("apart", [True, False])
async def test_an_older_word_replaces_a_newer_one_only_where_that_was_of_the_future(
    store: Store, *, apart: bool
) -> None:
    first, second = said(reading(NOW, 1.0)), said(reading(NOW - 500, 2.0, received=NOW + 1))
    third = said(reading(NOW - 400, 3.0, received=NOW - 300))
    for batch in [[first], [second]] if apart else [[first, second]]:
        await store.committer.commit(Changes(readings=batch))
    assert [row.value for row in (await store.archive.load(now=NOW)).points] == [1.0]
    await store.committer.commit(Changes(readings=[third]))
    assert [row.value for row in (await store.archive.load(now=NOW)).points] == [3.0]


async def test_readings_of_one_instant_without_seq_are_all_kept(store: Store) -> None:
    rows = [reading(NOW, float(n), received=NOW + 0.5) for n in range(3)]
    await store.committer.commit(Changes(readings=each_said(rows)))
    await store.committer.commit(Changes(readings=[said(reading(NOW, 9.0, received=NOW + 2))]))
    page = await store.archive.history("d1", "power.active", start=0, end=NOW + 1, limit=10)
    assert [row.value for row in page.rows] == [0.0, 1.0, 2.0, 9.0]


async def test_what_has_ended_is_not_open_after_a_start(store: Store) -> None:
    await store.committer.commit(
        Changes(
            alarms=[alarm("A1"), alarm("A1", state=AlarmState.CLEARED), alarm("A2")],
            commands=[command("C1", CommandState.EXECUTED), command("C2", CommandState.SENT)],
            tickets=[
                ticket("GS-20261123-0001", TicketState.CLOSED, closed_at=NOW - 26 * HOUR),
                ticket("GS-20261123-0002", TicketState.CLOSED, closed_at=NOW - 24 * HOUR),
                ticket("GS-20261123-0012", TicketState.VOIDED),
                ticket("GS-20261124-0001"),
            ],
        )
    )
    snapshot = await store.archive.load(now=NOW)
    assert [each.id for each in snapshot.alarms] == ["A2"]
    assert [each.id for each in snapshot.commands] == ["C2"]
    assert [each.number for each in snapshot.tickets] == ["GS-20261123-0002", "GS-20261124-0001"]
    assert snapshot.last_ticket == {"20261123": 12, "20261124": 1}


async def test_a_state_or_document_without_body_is_gone(store: Store) -> None:
    kept = Document(collection="setting", key="a", body=b"1")
    gone = Document(collection="setting", key="a", body=None)
    await store.committer.commit(
        Changes(states=[StateRow(key="s", data=b"1")], documents=[gone, kept])
    )
    assert await store.books.document("setting", "a") == b"1", "the last one counts"
    await store.committer.commit(Changes(states=[StateRow(key="s", data=None)], documents=[gone]))
    assert await store.books.document("setting", "a") is None
    assert (await store.archive.load(now=NOW)).states == []


@pytest.mark.parametrize(
    "again", [Changes(journal=[entry(1, "x.y")]), Changes(feed=[feed_item(1)])]
)
async def test_what_is_numbered_is_never_rewritten(store: Store, again: Changes) -> None:
    await store.committer.commit(Changes(journal=[entry(1), entry(2)], feed=[feed_item(2)]))
    again.states.append(StateRow(key="beside", data=b"1"))
    with pytest.raises(StoreError) as caught:
        await store.committer.commit(again)
    assert getattr(caught.value, "fatal", False), "trying again cannot help"
    assert await store.books.journal(after=0, limit=9) == [entry(1), entry(2)]
    assert (await store.archive.load(now=NOW)).states == []


async def test_digests_are_forgotten_after_a_day(store: Store, clock: ManualClock) -> None:
    await store.committer.commit(Changes(digests=[DigestRow(uid="d1", digest="old", at=NOW)]))
    await clock.advance(24 * HOUR + 61)
    fresh = DigestRow(uid="d1", digest="new", at=clock.now())
    await store.committer.commit(Changes(digests=[fresh]))
    assert (await store.archive.load(now=clock.now())).digests == [fresh]


async def test_quarantine_is_bounded_by_rows_and_days(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "QUARANTINE_ROWS", 3)
    rows = [quarantined(NOW + n, address=f"t/{n}") for n in range(5)]
    await store.committer.commit(Changes(quarantine=rows))
    found = await store.books.quarantine(limit=9)
    assert [msgspec.structs.replace(row, id=0) for row in found] == rows[:1:-1]
    for row in found:
        assert await store.books.quarantined(row.id) == row
    assert await store.books.quarantined(found[0].id + 1) is None
    await clock.advance(8 * 24 * HOUR)
    await store.committer.commit(Changes())
    assert await store.books.quarantine(limit=9) == []
    assert await store.books.quarantined(found[0].id) is None
    assert await store.books.counters() == {
        bounds.QUARANTINED: 5,
        bounds.QUARANTINE_FULL: 2,
        bounds.QUARANTINE_OLD: 3,
    }


async def test_newcomers_are_counted_and_those_beyond_the_limit_refused(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "NEWCOMER_ROWS", 2)
    rows = [
        newcomer(NOW, "a"),
        newcomer(NOW + 1, "b"),
        newcomer(NOW + 1, "c"),
        newcomer(NOW + 2, "a"),
    ]
    await store.committer.commit(Changes(newcomers=rows))
    await store.committer.commit(
        Changes(newcomers=[newcomer(NOW + 5, "b"), newcomer(NOW + 5, "c")])
    )
    found = await store.books.newcomers(limit=9)
    assert [
        (row["address"], row["first_seen"], row["last_seen"], row["count"]) for row in found
    ] == [
        ("b", NOW + 1, NOW + 5, 2),
        ("a", NOW, NOW + 2, 2),
    ]
    assert found[0]["sample"] == b"{}"
    await clock.advance(8 * 24 * HOUR)
    await store.committer.commit(Changes())
    assert [row["sample"] for row in await store.books.newcomers(limit=9)] == [b"", b""]
    assert await store.books.counters() == {bounds.NEWCOMER_REFUSED: 2}
