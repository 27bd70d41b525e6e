"""The page about tickets: its examples load, and its words are those of the pages."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from hub.config.holidays import parse_holidays
from hub.console.language import Language, words_of
from hub.model.calendar import Pace, is_worked
from hub.model.ticket import TicketAction, TicketState
from hub.services.tickets.deadline import ARRIVE, FINISH, PLANNED, TAKE
from hub.settings import parse_settings

PAGE = (Path(__file__).parents[3] / "docs" / "tickets.md").read_text("utf-8")
LIMITS, HOLIDAYS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
ZH = words_of(Language.ZH)


def test_the_example_of_limits_loads() -> None:
    settings, problems = parse_settings(f'[community]\nid = "x"\n{LIMITS}', "/x/l.toml", {})
    assert problems == ()
    assert settings.limits.trade == {"lift": Pace.CONTINUOUS}


def test_the_example_of_a_years_notice_loads_and_ends_what_was_provisional() -> None:
    calendar, problems = parse_holidays(HOLIDAYS, "x")
    assert problems == ()
    assert calendar.years == {2027: False}
    assert is_worked(calendar, date(2027, 2, 20))
    assert not is_worked(calendar, date(2027, 2, 11))


def test_every_state_and_step_is_told_by_the_word_on_its_button() -> None:
    for state in TicketState:
        assert ZH(f"ticket_state.{state}") in PAGE, state
    for action in set(TicketAction) - {TicketAction.DISPATCH, TicketAction.COMMENT}:
        assert ZH(f"do.{action}") in PAGE, action


def test_the_limits_are_those_that_count() -> None:
    take, arrive = (
        re.search(rf"^\| to {word} \|(.*)\|$", PAGE, re.MULTILINE) for word in ("take", "arrive")
    )
    assert take is not None
    assert arrive is not None
    assert [cell.strip() for cell in take[1].split("|")] == ["5 min", "30 min", "–"]
    assert [cell.strip() for cell in arrive[1].split("|")] == ["30 min", "4 h", "–"]
    assert [seconds / 60 for seconds in (*TAKE.values(), *ARRIVE.values())] == [5, 30, 30, 240]
    hours = re.findall(r"(?:general|difficult|complex) (\d+) h", PAGE)
    assert [int(each) * 3600.0 for each in hours] == list(FINISH.values())
    planned = re.search(r"planned work at least (\d+) h", PAGE)
    assert planned is not None
    assert int(planned[1]) * 3600.0 == PLANNED
