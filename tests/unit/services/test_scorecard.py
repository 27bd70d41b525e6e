"""The scorecard: which files count, what a month comes to, who may type what."""

from __future__ import annotations

import msgspec
import pytest

from hub.config.scorecard import parse_scorecard
from hub.errors import InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.instant import from_rfc3339
from hub.model.scorecard import SCORES, Score
from hub.model.survey import Answer, Survey, Way
from hub.ports.scorecard import ScoreWish
from hub.services.community.scorecard import month_of, share_of_surveys, span_of, weigh
from hub.services.figures.figure import Cell
from tests.support.scorecard import EXAMPLE, example
from tests.unit.access.web_fakes import World, make_world

BOSS = Identity(name="party", role=Role.ADMINISTRATOR)
TEXT = EXAMPLE.read_text("utf-8")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("weight = 25", "weight = 26", "the weights sum to 101"),
        ('by = "street"\nweight = 15', 'by = "residents"\nweight = 15', "community weigh 20"),
        ("weight = 15", "weight = 0", "weight"),
        ('id = "community"', 'id = "street"', "stands twice"),
        ('figure = "survey"', 'figure = "surveys"', "there is no figure 'surveys'"),
        ('figure = "responded"', "", "records need a figure"),
        ('by = "community"', 'by = "comunity"', "by"),
        ('zh = "社区评议", ', "", "it needs zh and en"),
        (
            'by = "community"\nweight = 20',
            'by = "community"\nweight = 20\nfigure = "on_time"',
            "judge themselves",
        ),
        ("[[criterion]]", "[[criterium]]", "there is no section 'criterium'"),
    ],
)
def test_a_file_with_a_fault_is_refused_as_a_whole_with_its_line(
    old: str, new: str, said: str
) -> None:
    assert old in TEXT
    card, problems = parse_scorecard(TEXT.replace(old, new, 1), "scorecard.toml")
    assert card.criteria == ()
    assert any(said in each.message for each in problems), problems
    assert all(each.line and each.hint for each in problems)


def test_a_months_points_are_scores_by_their_weights_and_whole_only_with_all() -> None:
    cells = {
        "on_time_without_extension": Cell(value=0.8, numbers=("GS-1", "GS-2")),
        "responded": Cell(value=1.0),
        "survey": Cell(value=0.5, numbers=("s1",)),
    }
    scores = {
        name: Score(month="2026-11", criterion=name, value=90.0, giver="王", actor="party", at=0.0)
        for name in ("street", "community")
    }
    whole = weigh(example(), "2026-11", scores, cells)
    assert [each.points for each in whole.lines] == [13.5, 18.0, 20.0, 15.0, 12.5]
    assert whole.total == 79.0
    assert whole.lines[2].rows == ("GS-1", "GS-2")
    part = weigh(example(), "2026-11", {}, cells)
    assert (part.lines[0].points, part.total) == (None, None)
    assert weigh(example(), "2026-11", scores, {}).total is None


def test_a_month_is_from_its_first_day_to_the_next_ones() -> None:
    assert span_of("2026-12") == (
        from_rfc3339("2026-12-01T00:00:00"),
        from_rfc3339("2027-01-01T00:00:00"),
    )
    assert month_of(from_rfc3339("2026-12-01T00:00:00")) == "2026-12"
    for wrong in ("2026-13", "2026-1", "november", ""):
        with pytest.raises(InvalidRequestError, match="is no month"):
            span_of(wrong)


def test_surveys_of_a_month_count_together_by_their_answers() -> None:
    def survey(name: str, start: float, *satisfied: bool) -> Survey:
        said = (
            Answer(way=Way.PAPER, responded=True, solved=True, satisfied=each, by="x", at=0.0)
            for each in satisfied
        )
        fields = {"end": start + 1, "place": "", "out_of": 9, "asked": (), "actor": "x", "at": 0.0}
        return Survey(id=name, start=start, sheets=tuple(said), **fields)

    found = [survey("s1", 0.0, True, True, False), survey("s2", 5.0, True), survey("s3", 10.0)]
    cell = share_of_surveys(found, 0.0, 10.0)
    assert (cell.value, cell.numbers) == (0.75, ("s1", "s2"))
    assert share_of_surveys(found, 10.0, 20.0).value is None


async def test_a_typed_score_is_an_entry_and_a_second_one_takes_its_place(world: World) -> None:
    office = world.ports.scorecard
    wish = ScoreWish(month="2025-11", criterion="street", value=80.0, giver="街道 王科长")
    await office.give(wish, BOSS)
    result = await office.give(msgspec.structs.replace(wish, value=70.0, why="复查"), BOSS)
    assert (result.lines[0].score, result.lines[0].points) == (70.0, 10.5)
    told = [each.data for each in world.books.entries if each.type == "score.typed"]
    assert [(each["value"], each["before"]) for each in told] == [(80.0, None), (70.0, 80.0)]
    kept = msgspec.json.decode(world.books.papers[SCORES, "2025-11:street"], type=Score)
    assert (kept.giver, kept.actor, kept.why) == ("街道 王科长", "party", "复查")
    assert (await office.result("2025-10", BOSS)).lines[0].score is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": 101.0}, "value"),
        ({"value": float("nan")}, "value"),
        ({"month": "2099-01"}, "month that has begun"),
        ({"giver": " "}, "giver"),
        ({"criterion": "in-time"}, "computed from the journal"),
    ],
)
async def test_what_does_not_fit_is_named(
    world: World, change: dict[str, object], said: str
) -> None:
    wish = ScoreWish(month="2025-11", criterion="street", value=80.0, giver="王")
    changed = msgspec.structs.replace(wish, **change)
    with pytest.raises(InvalidRequestError, match=said):
        await world.ports.scorecard.give(changed, BOSS)
    with pytest.raises(NotFoundError):
        await world.ports.scorecard.give(msgspec.structs.replace(wish, criterion="x"), BOSS)
