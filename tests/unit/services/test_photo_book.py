"""Photos of a ticket: kept once, within their room, sealed away from what is known of them."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, HubError, StoreFullError, TooManyRequestsError
from hub.model.photo import Moment, Photo, Picture
from hub.model.whistle import PERSONAL
from hub.ports.photo import Read
from hub.services.reports.photo_book import PHOTOS, RESERVE, WAITING, PhotoBook, Room
from tests.unit.access.web_fakes import NOW, FakeBooks, FakeDesk, FakePulse, ticket

RED, BLUE = (
    Picture(body=b"\xff\xd8\xff" + colour * 100, width=4, height=3) for colour in (b"r", b"b")
)
GS1 = ticket("GS-1")


class Case:
    """A book of photos on fakes."""

    def __init__(self, **room: Any) -> None:  # noqa: ANN401 - fields of Room
        self.books = FakeBooks()
        self.desk = FakeDesk(self.books, FakePulse(self.books))
        self.drawing = asyncio.Event()
        self.room = Room(**({"each": 3, "total": 10_000, "free": lambda: 2 * RESERVE} | room))

    def book(self) -> PhotoBook:
        papers = {key: b for (name, key), b in self.books.papers.items() if name == PHOTOS}
        return PhotoBook(
            papers,
            develop=self._develop,
            room=self.room,
            books=self.books,
            desk=self.desk,
            clock=ManualClock(NOW),
        )

    async def _develop(self, data: bytes) -> Picture:
        await self.drawing.wait()
        return Picture(body=data, width=1, height=1)


def reading(data: bytes) -> Read:
    async def read() -> bytes:
        return data

    return read


async def put(book: PhotoBook, picture: Picture = RED, **fields: Any) -> Photo:  # noqa: ANN401
    given = {"moment": Moment.BEFORE, "actor": "li"} | fields
    return await book.add(fields.pop("ticket", GS1), picture, **given)


async def test_a_photo_is_kept_told_and_read_and_is_there_after_a_restart() -> None:
    case = Case()
    kept = await put(case.book())
    again = case.book()
    assert list(again.photos("GS-1")) == [kept]
    assert await again.read(kept) == RED.body
    entry = case.books.entries[-1]
    assert (entry.type, entry.subject, entry.actor) == ("photo.added", "GS-1", "li")
    assert entry.data == {"photo": kept.id, "moment": "before", "size": len(RED.body)}
    assert entry.place == GS1.place
    assert [name for name, _ in case.books.papers] == [PHOTOS, PERSONAL]


async def test_the_same_one_twice_is_one_and_of_another_ticket_is_another() -> None:
    case = Case()
    book = case.book()
    first, second = await asyncio.gather(put(book), put(book))
    assert first == second
    assert len(case.books.entries) == 1
    other = await book.add(ticket("GS-2"), RED, moment=Moment.AFTER, actor="li")
    assert other.id != first.id


@pytest.mark.parametrize(
    ("room", "error", "words"),
    [
        ({"each": 1}, ConflictError, "has 1 photos already"),
        ({"total": 100}, ConflictError, "photo_megabytes"),
        ({"free": lambda: RESERVE - 1}, StoreFullError, "free some space"),
    ],
)
async def test_without_room_it_says_so_and_keeps_nothing(
    room: dict[str, Any], error: type[HubError], words: str
) -> None:
    case = Case(**room)
    book = case.book()
    if "free" not in room:
        await put(book)
    before = dict(case.books.papers)
    with pytest.raises(error, match=words) as caught:
        await put(book, BLUE)
    assert caught.value.texts["zh"]
    assert case.books.papers == before


async def test_who_would_wait_behind_too_many_is_sent_away() -> None:
    case = Case()
    book = case.book()
    waiting = [asyncio.create_task(book.develop(reading(b"x"))) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequestsError):
        await book.develop(reading(b"x"))
    case.drawing.set()
    assert len(await asyncio.gather(*waiting)) == WAITING
    assert (await book.develop(reading(b"y"))).body == b"y"


async def test_a_removed_one_is_gone_and_who_removed_it_is_told() -> None:
    case = Case()
    book = case.book()
    kept, other = await put(book), await put(book, BLUE)
    await book.remove(kept, "wang")
    assert list(book.photos("GS-1")) == [other]
    assert await book.read(kept) is None
    assert [(each.type, each.actor) for each in case.books.entries[2:]] == [
        ("photo.removed", "wang")
    ]
    assert set(book.older(NOW + 1)) == {other}
    book.drop([other])
    assert list(book.photos("GS-1")) == []
    assert msgspec.structs.asdict(other)["ticket"] == "GS-1"


async def test_a_photo_moves_to_another_ticket_and_stays_there_after_a_restart() -> None:
    case = Case()
    book = case.book()
    kept = await put(book)
    moved = await book.move(kept, ticket("GS-2"), "chen")
    assert (list(book.photos("GS-1")), list(book.photos("GS-2"))) == ([], [moved])
    again = case.book()
    assert list(again.photos("GS-2")) == [moved]
    assert await again.read(moved) == RED.body
    entry = case.books.entries[-1]
    assert (entry.type, entry.subject, entry.actor) == ("photo.moved", "GS-2", "chen")
    assert entry.data["from"] == "GS-1"
