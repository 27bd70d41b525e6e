"""The office for schedules: what is refused, what counts, and which rules change with it."""

from __future__ import annotations

import pytest

from hub.assembly.rule_office import SiteRules
from hub.assembly.schedule_office import SiteSchedules
from hub.clock import ManualClock
from hub.errors import ConfigError, ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.rule_version import RuleMode
from rules.rule import Span
from tests.support.rules import Force, make_office

NOW = 1_764_000_000.0
LI = Identity(name="李工", role=Role.ADMINISTRATOR)
FILE = """
[schedule.work]
days = ["mon"]
times = ["08:00-18:00"]
[schedule.night]
times = ["22:00-06:00"]
"""
BY_HAND = """
[[rule]]
id = "gate-by-hand"
fault = "gate.by_hand"
name = { zh = "手动", en = "By hand" }
kind = "barrier_gate"
when = "in_schedule('work') and mode == 'manual'"
severity = "minor"

[[rule.example]]
name = "on a Monday"
from = "2026-03-02T10:00"
story = ["0s mode=manual"]
expect = ["0s raise"]
"""
HOURS = ["08:00-18:00"]
CLOCK = {"08:00": 8 * 3600, "09:00": 9 * 3600, "18:00": 18 * 3600}


@pytest.fixture
def force() -> Force:
    return Force()


@pytest.fixture
def rules(force: Force) -> SiteRules:
    return make_office(ManualClock(NOW), force, files={"site.toml": FILE + BY_HAND})


@pytest.fixture
def office(rules: SiteRules) -> SiteSchedules:
    return SiteSchedules(rules)


def spans(force: Force, rule: str = "gate-by-hand") -> tuple[Span, ...]:
    found = next(each for each in force.rules if each.id == rule)
    return found.schedules.get("work", ())


async def test_a_schedule_tells_what_it_says_and_which_rules_ask_it(office: SiteSchedules) -> None:
    night, work = await office.cards()
    assert (work.name, work.days, work.times) == ("work", ("mon",), tuple(HOURS))
    assert (work.source, work.version, work.rules) == ("site.toml", 0, ("gate-by-hand",))
    assert (len(night.days), night.rules) == (7, ())


async def test_a_new_version_counts_for_the_rules_that_ask_it_and_no_others(
    office: SiteSchedules, rules: SiteRules, force: Force
) -> None:
    before = dict(await rules.known())
    card = await office.write("work", ["mon", "tue"], ["09:00-18:00"], "夏令", LI)
    assert (card.version, card.source, card.days) == (1, "site", ("mon", "tue"))
    days = frozenset({0, 1})
    assert spans(force) == (Span(days=days, start=CLOCK["09:00"], end=CLOCK["18:00"]),)
    assert [r.id for r in force.rules if r != before[r.id]] == ["gate-by-hand"]
    assert [(kind, subject) for kind, subject, _, _ in force.entries] == [
        ("schedule.changed", "work")
    ]


async def test_a_restart_keeps_it_and_the_files_come_back(
    office: SiteSchedules, force: Force
) -> None:
    await office.write("work", ["mon"], ["09:00-18:00"], "夏令", LI)
    stored = {each.key: each.body or b"" for each in force.documents}
    files = {"site.toml": FILE + BY_HAND}
    again = SiteSchedules(make_office(ManualClock(NOW), force, files=files, documents=stored))
    assert (await again.cards())[1].times == ("09:00-18:00",)
    card = await again.go_back("work", 0, "冬令", LI)
    assert (card.version, card.source, card.times) == (2, "site.toml", tuple(HOURS))
    assert (await again.go_back("work", 1, "夏令", LI)).times == ("09:00-18:00",)


async def test_what_would_break_a_rule_or_is_no_schedule_is_refused(office: SiteSchedules) -> None:
    for days, times in ((["mo"], HOURS), (["mon"], []), (["mon"], ["8-25"]), ([], HOURS)):
        with pytest.raises(ConfigError, match="schedule 'work'"):
            await office.write("work", days, times, "x", LI)
    # Its example stands on a Monday.
    with pytest.raises(ConfigError, match="on a Monday"):
        await office.write("work", ["sun"], HOURS, "x", LI)
    with pytest.raises(InvalidRequestError, match="cannot be used"):
        await office.write("a]\n[x", ["mon"], HOURS, "x", LI)
    with pytest.raises(InvalidRequestError, match="Say why"):
        await office.write("work", ["mon"], HOURS, " ", LI)
    with pytest.raises(NotFoundError, match="no schedule 'wrok'"):
        await office.go_back("wrok", 0, "x", LI)


async def test_who_edits_an_older_version_reads_again(office: SiteSchedules) -> None:
    await office.write("new", ["mon"], HOURS, "x", LI, on=0)
    with pytest.raises(ConflictError, match="version 1 by now, not 0"):
        await office.write("new", ["tue"], HOURS, "x", LI, on=0)


async def test_rules_and_their_schedules_go_to_another_hub_in_one_text(
    office: SiteSchedules, rules: SiteRules
) -> None:
    await office.write("work", ["mon"], HOURS, "x", LI)
    await rules.write(BY_HAND, RuleMode.ACTIVE, "x", LI)
    text = await rules.export()
    other_force = Force()
    other = make_office(ManualClock(NOW), other_force)
    await other.write(text, RuleMode.ACTIVE, "von nebenan", LI)
    assert spans(other_force)[0].start == CLOCK["08:00"]
    (card,) = await SiteSchedules(other).cards()
    assert (card.name, card.version, card.rules) == ("work", 1, ("gate-by-hand",))
    with pytest.raises(InvalidRequestError, match=r"schedule\.work"):
        await other.write(text, RuleMode.ACTIVE, "x", LI, rule="gate-by-hand")
