"""The page about tickets: its examples load, and its words are those of the pages."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from hub.assembly.duty_file import shipped_duty
from hub.config.holidays import parse_holidays
from hub.console.frame.language import Language, words_of
from hub.model.calendar import Pace, is_worked
from hub.model.ticket import TicketAction, TicketState
from hub.services.tickets.deadline import ARRIVE, FINISH, PLANNED, TAKE
from hub.settings import parse_settings

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "tickets.md").read_text("utf-8")
LEADER = (DOCS / "crew-leader.md").read_text("utf-8")
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


def test_the_crew_leaders_page_has_every_state_and_button_in_chinese() -> None:
    for state in set(TicketState) - {TicketState.VOIDED}:
        assert ZH(f"ticket_state.{state}") in LEADER, state
    for action in TicketAction:
        assert ZH(f"do.{action}") in LEADER, action


def test_the_crew_leaders_page_has_the_limits_that_count() -> None:
    cells = {
        name: [cell.strip() for cell in line.split("|")]
        for name, line in re.findall(r"^\| (接单|到场) \|(.*)\|$", LEADER, re.MULTILINE)
    }
    assert cells == {"接单": ["5 分钟", "30 分钟", "不限"], "到场": ["30 分钟", "4 小时", "不限"]}
    hours = [int(each) for each in re.findall(r"(?:一般|较难|复杂) (\d+) 小时", LEADER)]
    assert [each * 3600.0 for each in hours] == list(FINISH.values())
    assert f"至少 {PLANNED / 3600:g} 小时" in LEADER


def test_the_crew_leaders_page_has_the_shipped_rungs_with_their_delays() -> None:
    spans = {300: "5 分钟", 600: "10 分钟", 1800: "30 分钟", 3600: "1 小时"}
    spans |= {14_400: "4 小时", 86_400: "1 天", 0: ""}
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in LEADER.split("## 没人管就升级")[1].splitlines()
        if line.startswith("| ")
    ][1:]
    told = [(row[0], row[2].lstrip("再过 "), row[3].lstrip("再过 ")) for row in rows]
    plans = {plan.name: plan.rungs for plan in shipped_duty().plans}
    pairs = zip(plans["shipped"], plans["shipped-critical"], strict=True)
    shipped = [(n.name["zh"], spans[int(n.after)], spans[int(c.after)]) for n, c in pairs]
    assert [(name, a.replace("马上", ""), b.replace("马上", "")) for name, a, b in told] == shipped
