"""What readers of history and books may rely on, held against every store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import msgspec
import pytest

from hub.clock import ManualClock
from hub.model.alarm import AlarmState
from hub.model.report import Report, Topic
from hub.model.ticket import TicketState
from hub.ports import Changes, ReadingRow
from hub.store.readings import replay
from tests.contract.store_cases import (
    NOW,
    OPENERS,
    Store,
    alarm,
    command,
    each_said,
    entry,
    event,
    everything,
    feed_item,
    reading,
    said,
    ticket,
)


@pytest.fixture(params=OPENERS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with OPENERS[request.param](tmp_path, ManualClock(NOW)) as opened:
        yield opened


async def _pages(store: Store, limit: int) -> list[list[ReadingRow]]:
    start: float | None = NOW
    pages = []
    while start is not None:
        page = await store.archive.history(
            "d1", "power.active", start=start, end=NOW + 99, limit=limit
        )
        pages.append(page.rows)
        start = page.next
    return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
async def test_pages_of_history_join_without_loss_or_double(store: Store, limit: int) -> None:
    instants = [0, 1, 1, 1, 2, 3, 3, 4]
    rows = [reading(NOW + at, float(n), seq=n, boot="b") for n, at in enumerate(instants)]
    await store.committer.commit(
        Changes(readings=each_said([*rows, reading(NOW + 1, point="other")]))
    )
    pages = await _pages(store, limit)
    assert [row for page in pages for row in page] == rows
    assert all(pages), "no page is empty"


async def test_history_has_its_start_and_not_its_end(store: Store) -> None:
    await store.committer.commit(
        Changes(readings=each_said(reading(NOW + n, float(n)) for n in range(4)))
    )
    page = await store.archive.history("d1", "power.active", start=NOW + 1, end=NOW + 3, limit=10)
    assert [row.value for row in page.rows] == [1.0, 2.0]
    assert page.next is None
    nobody = await store.archive.history("d9", "power.active", start=0, end=NOW * 2, limit=10)
    assert nobody.rows == []


async def test_events_come_back_oldest_first(store: Store) -> None:
    rows = [event(NOW + n, seq=n, boot="b", data={"n": n, "zh": "门"}) for n in range(4)]
    await store.committer.commit(Changes(events=[*rows[::-1], event(NOW, uid="d2")]))
    assert await store.archive.events("d1", start=NOW + 1, end=NOW + 3, limit=9) == rows[1:3]
    assert await store.archive.events("d1", start=0, end=NOW * 2, limit=2) == rows[:2]


async def test_events_of_one_name_are_found_among_many_others(store: Store) -> None:
    rows = [event(NOW + n, seq=n, boot="b") for n in range(4)]
    opened = msgspec.structs.replace(rows[2], name="opened.locally")
    await store.committer.commit(Changes(events=[*rows[:2], opened, rows[3]]))
    found = await store.archive.events("d1", start=0, end=NOW * 2, limit=1, name="opened.locally")
    assert found == [opened]


async def test_a_replay_puts_each_message_together_again(store: Store) -> None:
    await store.committer.commit(
        Changes(
            readings=[
                said(reading(NOW + 5, 5.0, seq=8, boot="b")),
                said(
                    reading(NOW, "open", point="arm.position", seq=7, boot="b", received=NOW + 1),
                    reading(NOW, False, point="loop.occupied"),
                ),
                said(reading(NOW, 3, uid="d2")),
            ],
            events=[event(NOW + 5, seq=9, boot="b", data={"by": "hand"})],
        )
    )
    reports = list(store.archive.replay(start=NOW, end=NOW + 6))
    assert [_summary(report) for report in reports] == [
        ("d2", NOW, None, {"power.active": 3}, ""),
        ("d1", NOW, 7, {"arm.position": "open", "loop.occupied": False}, ""),
        ("d1", NOW + 5, 8, {"power.active": 5.0}, ""),
        ("d1", NOW + 5, 9, {}, "door.forced"),
    ]
    assert reports[1].received == NOW + 1
    assert reports[3].topic is Topic.EVENT
    assert reports[3].data == {"by": "hand"}


def _summary(report: Report) -> tuple[object, ...]:
    values = {sample.point: sample.value for sample in report.samples}
    return report.uid, report.at, report.seq, values, report.event


async def test_a_replay_steps_over_years_of_nothing_and_through_a_crowd(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "AT_ONCE", 20)
    sparse = [reading(1_000.0 * n, float(n)) for n in range(9)]
    crowd = [reading(NOW + 0.1 * n, float(n)) for n in range(500)]
    await store.committer.commit(
        Changes(readings=each_said(sparse + crowd), events=[event(NOW + 9e6)])
    )
    reports = list(store.archive.replay(start=0, end=NOW * 1000))
    assert [report.at for report in reports] == [
        *(row.at for row in sparse + crowd),
        NOW + 9e6,
    ]


async def test_a_replay_can_be_of_some_devices_and_some_hours(store: Store) -> None:
    rows = [reading(NOW + 50 * n, float(n), uid=f"d{n % 3}") for n in range(300)]
    await store.committer.commit(Changes(readings=each_said(rows), events=[event(NOW, uid="d1")]))
    found = store.archive.replay(start=NOW + 100, end=NOW + 14_000, uids=["d1", "d2"])
    wanted = [row.value for row in rows[2:280] if row.uid != "d0"]
    assert [report.samples[0].value for report in found] == wanted
    assert list(store.archive.replay(start=NOW, end=NOW + 9_999, uids=[])) == []


async def test_the_journal_is_read_in_order_by_prefix(store: Store) -> None:
    types = ["alarm.raised", "ticket.opened", "ticket.taken", "device.silent", "ticketing"]
    entries = [entry(n, type_) for n, type_ in enumerate(types, 1)]
    await store.committer.commit(Changes(journal=entries))
    books = store.books
    assert await books.journal(after=0, limit=99) == entries
    assert await books.journal(after=1, limit=2) == entries[1:3]
    assert await books.journal(after=0, limit=99, types=["ticket."]) == entries[1:3]
    several = await books.journal(after=0, limit=2, types=["device.", "alarm."])
    assert [each.seq for each in several] == [1, 4]


async def test_the_feed_shows_a_place_and_what_lies_below(store: Store) -> None:
    places = ["g/a", "g/a/b12", "g/ab", "g", "G/a"]
    items = [feed_item(seq, place) for seq, place in enumerate(places, 1)]
    await store.committer.commit(Changes(feed=items))
    assert await store.books.feed(after=0, limit=9) == items
    assert await store.books.feed(after=0, limit=9, scope="g/a") == items[:2]
    assert await store.books.feed(after=1, limit=9, scope="g") == items[1:4]
    assert await store.books.oldest_feed() == 0


async def test_alarms_are_listed_newest_first_with_a_cursor(store: Store) -> None:
    cleared = alarm("A2", NOW + 2, AlarmState.CLEARED)
    alarms = [alarm("A1", NOW + 1), cleared, alarm("A0", NOW + 3), alarm("A4", NOW + 3)]
    await store.committer.commit(Changes(alarms=alarms))
    listed = [each.id for each in await store.books.alarms(open_only=False, limit=9)]
    assert listed == ["A4", "A0", "A2", "A1"]
    rest = await store.books.alarms(open_only=True, limit=9, before="A0")
    assert [each.id for each in rest] == ["A1"]
    assert await store.books.alarms(open_only=False, limit=9, before="nobody") == []
    assert [(await store.books.alarm(name)).id for name in listed] == listed  # type: ignore[union-attr]
    assert await store.books.alarm("nobody") is None


async def test_tickets_are_listed_by_day_and_count(store: Store) -> None:
    numbers = ["GS-20261124-0002", "GS-20261123-0009", "GS-20261124-9999", "GS-20261124-10000"]
    closed = ticket("GS-20261123-0008", TicketState.CLOSED, closed_at=NOW)
    await store.committer.commit(Changes(tickets=[*map(ticket, numbers), closed]))
    newest = [each.number for each in await store.books.tickets(open_only=False, limit=3)]
    assert newest == ["GS-20261124-10000", "GS-20261124-9999", "GS-20261124-0002"]
    rest = await store.books.tickets(open_only=False, limit=9, before="GS-20261124-0002")
    assert [each.number for each in rest] == ["GS-20261123-0009", "GS-20261123-0008"]
    still_open = await store.books.tickets(open_only=True, limit=9, before="GS-20261124-0002")
    assert [each.number for each in still_open] == ["GS-20261123-0009"]


async def test_single_things_are_found_by_key_or_not_at_all(store: Store) -> None:
    await store.committer.commit(everything())
    books = store.books
    assert await books.ticket("GS-20261124-0007") == ticket("GS-20261124-0007")
    assert await books.command("C1") == command("C1")
    assert await books.document("person", "li") == b'{"name":"li"}'
    assert await books.documents("person") == {"li": b'{"name":"li"}'}
    assert await books.ticket("x") is None
    assert await books.command("x") is None
    assert await books.document("person", "x") is None
    assert await books.documents("session") == {}


def _by_device(reports: Iterable[Report]) -> dict[str, list[Report]]:
    found: dict[str, list[Report]] = {}
    for report in reports:
        found.setdefault(report.uid, []).append(report)
    return found


async def test_what_is_recalled_is_what_a_replay_gives_device_by_device(store: Store) -> None:
    rows = [reading(NOW + 50 * n, float(n), uid=f"d{n % 3}", seq=n) for n in range(300)]
    happened = [event(NOW + 70 * n, uid=f"d{n % 4}", seq=n) for n in range(40)]
    await store.committer.commit(Changes(readings=each_said(rows), events=happened))
    start, end, uids = NOW + 100, NOW + 14_000, frozenset({"d1", "d2"})
    recalled = _by_device(store.archive.recall(start=start, end=end, uids=uids))
    replayed = _by_device(store.archive.replay(start=start, end=end))
    assert replayed.keys() == {"d0", "d1", "d2", "d3"}
    for uid, reports in replayed.items():
        wanted = [each for each in reports if uid in uids or each.event]
        assert [_summary(each) for each in recalled[uid]] == [_summary(each) for each in wanted]
    events = store.archive.recall(start=start, end=end, uids=())
    assert {report.event for report in events} == {"door.forced"}


async def test_hours_are_recalled_of_points_that_are_asked_for(store: Store) -> None:
    rows = [reading(NOW + 600 * n, float(n % 7), uid=f"d{n % 3}", seq=n) for n in range(120)]
    await store.committer.commit(Changes(readings=each_said(rows)))
    point = rows[0].point
    end = NOW + 9 * 3600
    asked = {"d1": {point}, "d2": {"nothing"}, "d9": {point}}
    recalled = list(store.archive.recall_hours(start=NOW, end=end, points=asked))
    assert {(hour.uid, hour.point) for hour in recalled} == {("d1", point)}
    wanted = await store.archive.rollups("d1", point, start=NOW, end=end, limit=99)
    assert [hour.row for hour in recalled] == wanted
    assert len(wanted) >= 9
