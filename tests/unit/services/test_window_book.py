"""Maintenance windows and notices: who opens which, what they explain, when they are over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.window import WindowKind
from hub.ports import WindowWish
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
