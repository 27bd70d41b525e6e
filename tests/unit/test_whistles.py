"""What people said is deleted on time: documents, keys and memory, a day at a time."""

from __future__ import annotations

import msgspec

from hub.assembly.whistles import Whistles, forget_old
from hub.intake.report_room import REPORTS
from hub.model.photo import Moment, Picture
from hub.model.whistle import PERSONAL, Report, Reporter, ReportWish, Source, Target
from hub.services.reports.photo_book import PhotoBook
from hub.services.reports.report_expiry import find_old
from hub.store.memory import MemoryStore
from tests.support.whistle import ROOM, draw, make_whistle
from tests.unit.intake.stage import Stage, stage

DAY = 86_400.0
YARD = Target(name="1栋", place="gs/a/b1", where="1栋")
PICTURE = Picture(body=b"\xff\xd8\xffpicture", width=4, height=3)


def wish(key: str, category: str = "leak") -> ReportWish:
    reporter = Reporter(phone="13800000000", text="漏水")
    return ReportWish(
        id=key, source=Source.RESIDENT, category=category, target=YARD, reporter=reporter
    )


def report(key: str, at: float) -> Report:
    return Report(
        id=key,
        ticket="GS-1",
        source=Source.RESIDENT,
        category="leak",
        subject="gs",
        place="gs",
        at=at,
    )


class Offices:
    """The offices on a running intake."""

    def __init__(self, on: Stage) -> None:
        books, desk = on.store.books, on.intake.desk
        self.photos = PhotoBook({}, develop=draw, room=ROOM, books=books, desk=desk, clock=on.clock)
        book = make_whistle(on.intake.live, books, desk, on.clock)
        self.whistles = Whistles(book=book, photos=self.photos, keep_days=30)
        self._on = on

    async def forget(self) -> bool:
        on = self._on
        return await forget_old(self.whistles, on.intake.desk, on.store.books, now=on.clock.now())


async def kept(store: MemoryStore) -> dict[str, int]:
    names = (REPORTS, PERSONAL, "gathering", "photo")
    return {name: len(await store.books.documents(name)) for name in names}


async def test_reports_and_photos_go_at_their_time_and_that_is_told() -> None:
    async with stage() as on:
        offices = Offices(on)
        filed = await on.intake.desk.report(wish("r1"))
        ticket = await on.store.books.ticket(filed.report.ticket)
        assert ticket is not None
        await offices.photos.add(ticket, PICTURE, moment=Moment.REPORT, actor="resident")
        assert not await offices.forget()
        await on.clock.advance(31 * DAY)
        await on.intake.desk.report(wish("r2", "light"))
        assert await kept(on.store) == {"report": 2, "personal": 3, "gathering": 2, "photo": 1}
        assert await offices.forget()
        assert await kept(on.store) == {"report": 1, "personal": 1, "gathering": 1, "photo": 0}
        assert list(offices.photos.photos(ticket.number)) == []
        last = (await on.store.books.journal(after=0, limit=1000))[-1]
        assert (last.type, last.data) == ("report.forgotten", {"reports": 1, "photos": 1})
        assert not await offices.forget()
        left = await on.store.books.ticket(ticket.number)
        assert left is not None, "the ticket itself stays"


async def test_of_a_tickets_reports_the_old_ones_go_and_the_count_stays() -> None:
    async with stage() as on:
        offices = Offices(on)
        for key in ("r1", "r2"):
            await on.intake.desk.report(wish(key, "other"))
            await on.clock.advance(20 * DAY)
        join = msgspec.structs.replace(wish("r3"), join=(await tickets_of(on))[0])
        assert (await on.intake.desk.report(join)).count == 2
        while await offices.forget():
            pass
        kept_ = [msgspec.json.decode(b) for b in (await gatherings_of(on)).values()]
        assert sorted((each["reports"], each["count"]) for each in kept_) == [
            (["r2"], 1),
            (["r3"], 2),
        ]
        await on.clock.advance(40 * DAY)
        while await offices.forget():
            pass
        assert await kept(on.store) == {"report": 0, "personal": 0, "gathering": 0, "photo": 0}


async def tickets_of(on: Stage) -> list[str]:
    found = await on.store.books.tickets(open_only=True, limit=10)
    return sorted(each.number for each in found)


async def gatherings_of(on: Stage) -> dict[str, bytes]:
    return await on.store.books.documents("gathering")


def test_a_clock_that_has_jumped_ahead_deletes_the_oldest_day_only() -> None:
    reports = [report(f"r{day}", day * DAY) for day in range(10)]
    old = find_old(reports, [], now=1000 * DAY, keep_days=30)
    assert [each.id for each in old.reports] == ["r0"]
    assert find_old([], [], now=0.0, keep_days=30).is_empty()
