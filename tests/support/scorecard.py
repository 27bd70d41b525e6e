"""The scorecard that ships as an example, over whatever books there are."""

from __future__ import annotations

from pathlib import Path

from hub.clock import Clock
from hub.config.scorecard import parse_scorecard
from hub.model.scorecard import Scorecard
from hub.ports import Courses, Live
from hub.ports.survey import SurveyOffice
from hub.services.community.project_book import Write
from hub.services.community.score_book import ScoreBook

EXAMPLE = Path(__file__).parents[2] / "deploy" / "scorecard.example.toml"


def example() -> Scorecard:
    """Return the shipped example, which has no fault."""
    card, problems = parse_scorecard(EXAMPLE.read_text("utf-8"), EXAMPLE.name)
    assert not problems, problems
    return card


def make_scorecard(
    live: Live, courses: Courses, surveys: SurveyOffice, write: Write, clock: Clock
) -> ScoreBook:
    """Make the office of the example's scorecard."""
    return ScoreBook(
        {}, example(), live=live, courses=courses, surveys=surveys, write=write, clock=clock
    )
