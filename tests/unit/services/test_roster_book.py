"""Substitutes: who puts them, what does not fit, when they are over."""

from __future__ import annotations

from typing import Any

import pytest

from hub.clock import ManualClock
from hub.errors import ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.ports import SubstituteWish
from hub.services.duty.roster_book import RosterBook
from tests.support.duty import DAY, HOUR, TUESDAY
from tests.support.duty_office import make_rosters
from tests.support.windows import Counted

LEADER = Identity(name="chen", role=Role.MANAGER)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(TUESDAY)


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def book(clock: ManualClock, counted: Counted) -> RosterBook:
    return make_rosters(clock, lambda papers, entries: counted.put((), papers, entries))


def wish(**fields: Any) -> SubstituteWish:  # noqa: ANN401 - fields of a wish
    usual = {"roster": "crew", "start": TUESDAY, "end": TUESDAY + DAY, "out": "wang", "by": "zhao"}
    return SubstituteWish(**usual | fields)


def on(book: RosterBook, hour: float) -> tuple[str, ...]:
    return book.on_duty("crew", TUESDAY + hour * HOUR).people


async def test_a_substitute_counts_from_its_commit_and_is_in_the_journal(
    book: RosterBook, counted: Counted
) -> None:
    assert on(book, 9) == ("wang",)
    made = await book.put(wish(reason="病假"), LEADER)
    assert on(book, 9) == ("zhao",)
    [(kind, subject, actor, data)] = counted.entries
    assert (kind, subject, actor) == ("roster.changed", "crew", "chen")
    assert (data["what"], data["out"], data["by"], data["reason"]) == (
        "put",
        "wang",
        "zhao",
        "病假",
    )
    assert [each.id for each in book.substitutes()] == [made.id]


async def test_one_that_is_ended_counts_no_more_and_cannot_be_ended_again(
    book: RosterBook, clock: ManualClock, counted: Counted
) -> None:
    made = await book.put(wish(), LEADER)
    await clock.advance(9 * HOUR)
    await book.end(made.id, LEADER)
    assert on(book, 9) == ("wang",)
    assert counted.entries[-1][3]["what"] == "ended"
    with pytest.raises(ConflictError):
        await book.end(made.id, LEADER)
    with pytest.raises(NotFoundError):
        await book.end("s-nothing", LEADER)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"end": TUESDAY}, {"end"}),
        ({"end": TUESDAY + 91 * DAY}, {"end"}),
        ({"start": TUESDAY - DAY, "end": TUESDAY - HOUR}, {"end"}),
        ({"by": "nobody"}, {"by"}),
        ({"by": "wang"}, {"out"}),
        ({"by": "", "out": ""}, {"out"}),
        ({"reason": "x" * 201}, {"reason"}),
        ({"end": TUESDAY, "by": "nobody"}, {"end", "by"}),
    ],
)
async def test_what_does_not_fit_is_named_field_by_field(
    book: RosterBook, counted: Counted, fields: dict[str, Any], wrong: set[str]
) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await book.put(wish(**fields), LEADER)
    assert set(caught.value.problems) == wrong
    assert counted.entries == []


async def test_a_roster_that_is_none_is_named_with_the_nearest(book: RosterBook) -> None:
    with pytest.raises(NotFoundError, match="crew"):
        await book.put(wish(roster="crwe"), LEADER)
    with pytest.raises(NotFoundError):
        book.on_duty("night", TUESDAY)


def test_a_week_can_be_asked_for_and_a_year_cannot(book: RosterBook) -> None:
    spans = book.stretches("crew", TUESDAY, TUESDAY + 7 * DAY)
    assert [span.on.people for span in spans[:4]] == [(), ("wang",), (), ("li",)]
    with pytest.raises(InvalidRequestError):
        book.stretches("crew", TUESDAY, TUESDAY + 365 * DAY)
    with pytest.raises(InvalidRequestError):
        book.stretches("crew", TUESDAY, TUESDAY)


async def test_one_that_is_long_over_is_not_shown_any_more(
    book: RosterBook, clock: ManualClock
) -> None:
    await book.put(wish(), LEADER)
    await clock.advance(40 * DAY)
    assert len(book.substitutes()) == 1
    await clock.advance(2 * DAY)
    assert book.substitutes() == ()
