"""Surveys: which half of a month, who is drawn, what is noted, what it comes to."""

from __future__ import annotations

import msgspec
import pytest

from hub.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.course import Course
from hub.model.instant import from_rfc3339, to_local_text
from hub.model.survey import SURVEYS, Survey
from hub.model.whistle import Report, Source
from hub.ports.survey import Reply
from hub.services.community.survey import count, draw, last_half, settled
from hub.services.community.survey_book import SurveyBook
from tests.support.survey import make_surveys, settle
from tests.unit.access.web_fakes import World, make_world
from tests.unit.access.web_fakes import ticket as a_ticket

BOSS = Identity(name="chen", role=Role.MANAGER)
FINE = Reply(responded=True, solved=True, satisfied=True)
POOR = Reply(responded=True, solved=False, satisfied=False)
IN_SPAN = from_rfc3339("2025-11-10T12:00:00")


def book_of(world: World) -> SurveyBook:
    return make_surveys(world.books, world.ports.courses, world.desk.write, world.clock)


@pytest.fixture
def world() -> World:
    made = make_world()
    settle(made.books, [f"GS-{number}" for number in range(1, 13)], IN_SPAN, GS_12="")
    return made


@pytest.mark.parametrize(
    ("today", "start", "end"),
    [
        ("2026-11-01T00:00:00", "2026-10-16", "2026-11-01"),
        ("2026-11-15T23:59:59", "2026-10-16", "2026-11-01"),
        ("2026-11-16T00:00:00", "2026-11-01", "2026-11-16"),
        ("2026-01-05T08:00:00", "2025-12-16", "2026-01-01"),
        ("2026-03-31T08:00:00", "2026-03-01", "2026-03-16"),
    ],
)
def test_it_is_about_the_last_half_of_a_month_that_is_over(
    today: str, start: str, end: str
) -> None:
    found = last_half(from_rfc3339(today))
    assert [to_local_text(each) for each in found] == [f"{start} 00:00", f"{end} 00:00"]


def test_who_is_closed_in_time_and_in_the_open_can_be_asked() -> None:
    course = Course(number="GS-1", opened_at=0.0, closed_at=5.0, state="closed")
    for change, is_in in (
        ({}, True),
        ({"closed_at": 10.0}, False),
        ({"closed_at": None, "state": "verified"}, False),
        ({"state": "voided"}, False),
        ({"discreet": True}, False),
        ({"test": True}, False),
        ({"folded_into": "GS-9"}, False),
    ):
        changed = msgspec.structs.replace(course, **change)
        assert bool(settled([changed], 5.0, 10.0)) is is_in, change


def report(name: str, ticket: str) -> Report:
    return Report(
        id=name,
        ticket=ticket,
        source=Source.RESIDENT,
        category="leak",
        subject="guanshan/a",
        place="guanshan/a",
        at=0.0,
    )


def test_the_draw_is_the_same_for_everybody_and_another_each_time() -> None:
    reports = [report(f"r{number}", f"GS-{number // 2}") for number in range(60)]
    drawn = draw("s1", reports, 10)
    assert draw("s1", reversed(reports), 10) == drawn, "the order of the list chooses nobody"
    assert len({each.ticket for each in drawn}) == 10, "of each ticket one"
    assert draw("s2", reports, 10) != drawn
    assert len(draw("s1", reports, 200)) == 30
    with pytest.raises(InvalidRequestError, match="5 to 200"):
        draw("s1", reports, 3)


async def test_a_sample_is_drawn_once_of_those_who_left_a_number(world: World) -> None:
    book = book_of(world)
    assert book.due(BOSS) is not None
    survey = await book.draw(5, BOSS)
    assert (survey.out_of, len(survey.asked)) == (11, 5), "one has left no number"
    assert book.due(BOSS) is None
    with pytest.raises(ConflictError, match="drawn already"):
        await book.draw(5, BOSS)
    entry = world.books.entries[-1]
    assert (entry.type, entry.actor, entry.data["out_of"]) == ("survey.drawn", "chen", 11)
    again = msgspec.json.decode(world.books.papers[SURVEYS, "s1"], type=Survey)
    assert again == survey
    assert "139" not in world.books.papers[SURVEYS, "s1"].decode(), "the number is the report's"


async def test_where_nobody_can_be_asked_nothing_is_drawn(world: World) -> None:
    elsewhere = Identity(name="wu", role=Role.MANAGER, scope="guanshan/b")
    with pytest.raises(ConflictError, match="nobody with a number"):
        await book_of(world).draw(5, elsewhere)


async def test_answers_are_noted_once_by_somebody_who_did_not_work_on_it(world: World) -> None:
    book = book_of(world)
    first, second, *_ = (await book.draw(5, BOSS)).asked
    held = msgspec.structs.replace(a_ticket(first.ticket), workers=("li",), holder="")
    world.books.ticket_by_number[first.ticket] = held
    with pytest.raises(ForbiddenError, match="somebody else asks"):
        await book.answer("s1", first.report, FINE, Identity(name="key:Li", role=Role.MANAGER))
    await book.answer("s1", first.report, None, BOSS)
    await book.answer("s1", first.report, FINE, BOSS)
    with pytest.raises(ConflictError, match="has been answered"):
        await book.answer("s1", first.report, POOR, BOSS)
    with pytest.raises(InvalidRequestError, match="not in the sample"):
        await book.answer("s1", "r-nobody", FINE, BOSS)
    survey = await book.answer("s1", second.report, POOR, BOSS)
    assert [each.missed for each in survey.asked] == [1, 0, 0, 0, 0]
    told = [(e.type, e.data.get("satisfied")) for e in world.books.entries if "survey" in e.type]
    assert told[1:] == [
        ("survey.missed", None),
        ("survey.answered", True),
        ("survey.answered", False),
    ]


async def test_paper_counts_as_asked_when_given_out_and_as_answered_when_back(
    world: World,
) -> None:
    book = book_of(world)
    survey = await book.draw(5, BOSS)
    with pytest.raises(InvalidRequestError, match="handed_out"):
        await book.enter("s1", FINE, BOSS)
    await book.hand_out("s1", 5, BOSS)
    await book.enter("s1", FINE, BOSS)
    await book.answer("s1", survey.asked[0].report, POOR, BOSS)
    with pytest.raises(InvalidRequestError, match="which have come back"):
        await book.hand_out("s1", 0, BOSS)
    found = count(book.survey("s1", BOSS))
    assert (found.asked, found.answered, found.response) == (10, 2, 0.2)
    assert (found.responded, found.solved, found.satisfied) == (1.0, 0.5, 0.5)


async def test_an_empty_survey_has_no_shares_and_a_foreign_one_is_not_there(world: World) -> None:
    book = book_of(world)
    found = count(await book.draw(5, BOSS))
    assert (found.response, found.satisfied) == (0.0, None)
    other = Identity(name="wu", role=Role.MANAGER, scope="guanshan/b")
    assert list(book.surveys(other)) == []
    with pytest.raises(NotFoundError):
        book.survey("s1", other)
