"""Maintenance windows and notices: who opens which, what they explain, when they are over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.window import Window, WindowKind
from hub.ports import Document, WindowWish
from hub.services.window_book import WindowBook, in_force, read_windows
from tests.support.windows import DEVICES, Counted, make_windows

NOW = 1_764_000_000.0
LI = Identity(name="李经理", role=Role.MANAGER)
OF_B = Identity(name="王经理", role=Role.MANAGER, scope="g/b")
TEXT = {"zh": "停电检修", "en": "power is off"}
DOOR, GATE, FAR = DEVICES


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def book(clock: ManualClock, counted: Counted) -> WindowBook:
    return make_windows(clock, counted)


def notice(**fields: Any) -> WindowWish:  # noqa: ANN401 - fields of a wish
    usual: dict[str, Any] = {
        "kind": WindowKind.NOTICE,
        "text": TEXT,
        "end": NOW + 3600,
        "place": "g/a",
    }
    return WindowWish(**(usual | fields))


def explained(counted: Counted, now: float, kind: WindowKind = WindowKind.NOTICE) -> list[str]:
    return [
        device.id
        for device in DEVICES
        if in_force(counted.windows, kind, now, place=device.place, device=device)
    ]


async def test_a_notice_explains_what_lies_below_its_place_until_its_end(
    book: WindowBook, counted: Counted
) -> None:
    await book.open(notice(), LI)
    assert explained(counted, NOW) == ["door-1", "gate-1"]
    assert explained(counted, NOW + 3600) == []
    assert explained(counted, NOW, WindowKind.MAINTENANCE) == []


async def test_it_can_be_for_some_kinds_for_one_device_or_for_tomorrow(
    book: WindowBook, counted: Counted
) -> None:
    await book.open(notice(kinds=("barrier_gate",)), LI)
    assert explained(counted, NOW) == ["gate-1"]
    await book.open(notice(place="", device="door-9"), LI)
    assert explained(counted, NOW) == ["gate-1", "door-9"]
    tomorrow = NOW + 86_400
    await book.open(notice(start=tomorrow, end=tomorrow + 60), LI)
    assert "door-1" not in explained(counted, NOW)
    assert "door-1" in explained(counted, tomorrow)


async def test_it_is_in_the_journal_at_its_place_and_survives_a_restart(
    book: WindowBook, counted: Counted
) -> None:
    window = await book.open(notice(place="", device="door-1"), LI)
    ((kind, subject, actor, data),) = counted.entries
    assert (kind, subject, actor) == ("window.opened", "door-1", "李经理")
    assert data["place"] == "g/a/b1"
    stored = {each.key: each.body or b"" for each in counted.documents}
    assert read_windows(stored) == {window.id: window}


async def test_it_ends_early_once(book: WindowBook, counted: Counted, clock: ManualClock) -> None:
    window = await book.open(notice(), LI)
    await clock.advance(60)
    ended = await book.end(window.id, LI)
    assert (ended.ended_at, ended.ended_by) == (NOW + 60, "李经理")
    assert explained(counted, NOW + 60) == []
    with pytest.raises(ConflictError, match="over already"):
        await book.end(window.id, LI)
    assert list(book.windows(LI)) == []
    assert list(book.windows(LI, over=True)) == [ended]


async def test_who_sees_one_compound_opens_sees_and_ends_nothing_elsewhere(
    book: WindowBook,
) -> None:
    window = await book.open(notice(), LI)
    assert list(book.windows(OF_B)) == []
    with pytest.raises(NotFoundError):
        await book.end(window.id, OF_B)
    for wish in (notice(), notice(place="", device="door-1")):
        with pytest.raises(NotFoundError):
            await book.open(wish, OF_B)
    assert (await book.open(notice(place="g/b"), OF_B)).actor == "王经理"


async def test_a_window_above_ones_part_is_seen_and_not_ended(
    book: WindowBook, counted: Counted
) -> None:
    whole = await book.open(notice(place="g"), LI)
    assert list(book.windows(OF_B)) == [whole]
    with pytest.raises(ForbiddenError, match="ask who answers for g"):
        await book.end(whole.id, OF_B)
    assert "door-9" in explained(counted, NOW)


class Slow(Counted):
    """A store that lets others have their turn before it answers."""

    async def put(
        self,
        windows: Sequence[Window],
        documents: Sequence[Document],
        entries: Sequence[tuple[str, str, str, dict[str, Any]]],
    ) -> None:
        await asyncio.sleep(0)
        await super().put(windows, documents, entries)


async def test_two_that_are_opened_at_once_both_count(clock: ManualClock) -> None:
    slow = Slow()
    book = make_windows(clock, slow)
    await asyncio.gather(book.open(notice(), LI), book.open(notice(place="g/b"), LI))
    assert explained(slow, NOW) == ["door-1", "gate-1", "door-9"]
    assert len(book.windows(LI)) == 2


async def test_who_ends_one_twice_at_once_is_told_so(clock: ManualClock) -> None:
    slow = Slow()
    book = make_windows(clock, slow)
    window = await book.open(notice(), LI)
    answers = await asyncio.gather(
        book.end(window.id, LI), book.end(window.id, LI), return_exceptions=True
    )
    assert [type(each) for each in answers] == [Window, ConflictError]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"text": {"zh": "停电"}}, "text"),
        ({"text": {"zh": " ", "en": "x"}}, "text"),
        ({"end": NOW}, "end"),
        ({"end": NOW + 91 * 86_400}, "end"),
        ({"start": NOW - 900, "end": NOW - 60}, "end"),
        ({"start": NOW + 91 * 86_400, "end": NOW + 92 * 86_400}, "start"),
        ({"device": "door-1"}, "place"),
        ({"place": ""}, "place"),
        ({"kinds": ("boat",)}, "kinds"),
    ],
)
async def test_what_does_not_fit_is_named(
    book: WindowBook, counted: Counted, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await book.open(notice(**fields), LI)
    assert list(caught.value.problems) == [named]
    assert counted.documents == []


async def test_an_unknown_place_gets_the_nearest_name(book: WindowBook) -> None:
    with pytest.raises(NotFoundError, match="g/a/b1"):
        await book.open(notice(place="g/a/b2"), LI)
    assert msgspec.structs.asdict(notice())["device"] == ""
