"""The office for rules: what is refused, what counts, what is remembered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from hub.assembly.loading import load_world
from hub.assembly.rule_loader import RuleLoader
from hub.assembly.rule_office import Entry, SiteRules
from hub.clock import ManualClock
from hub.errors import ConfigError, ConflictError, InvalidRequestError, NotFoundError
from hub.model.access import Identity, Role
from hub.model.rule_version import RuleMode
from hub.ports import Document
from hub.services.rule_shelf import RuleShelf
from hub.settings import FolderSettings, Settings
from rules.rule import Rule
from tests.support.rules import Force, make_office

NOW = 1_764_000_000.0
LI = Identity(name="李工", role=Role.ADMINISTRATOR)
WARM = """
# the motor of our gates is never above 60
[[rule]]
id = "motor-warm"
fault = "gate.motor_warm"
name = { zh = "电机偏热", en = "Motor is warm" }
kind = "barrier_gate"
when = "motor.temperature > 60"
severity = "minor"
ticket = { urgency = "planned", class = "general", trade = "gate", report = "never" }

[[rule.example]]
name = "a hot noon"
story = ["0s motor.temperature=70"]
expect = ["0s raise"]
"""
LIBRARY_RULE = "barrier-boom-broken"


@pytest.fixture
def force() -> Force:
    return Force()


@pytest.fixture
def office(force: Force) -> SiteRules:
    return make_office(ManualClock(NOW), force)


def again(force: Force) -> SiteRules:
    """Start anew from what was stored."""
    stored = {each.key: each.body or b"" for each in force.documents}
    return make_office(ManualClock(NOW + 60), force, documents=stored)


def modes(force: Force) -> dict[str, bool]:
    """Rule in force → whether it is on trial."""
    return {rule.id: rule.trial for rule in force.rules}


async def test_a_rule_that_is_written_here_starts_on_trial(office: SiteRules, force: Force) -> None:
    (card,) = await office.write(WARM, RuleMode.TRIAL, "夏天常报修", LI)
    assert (card.id, card.mode, card.version, card.source) == ("motor-warm", "trial", 1, "site")
    assert modes(force)["motor-warm"] is True
    assert modes(force)[LIBRARY_RULE] is False
    (entry,) = force.entries
    assert entry[:3] == ("rule.changed", "motor-warm", "李工")
    assert entry[3]["why"] == "夏天常报修"


async def test_its_text_comes_back_with_its_comment_and_its_versions(office: SiteRules) -> None:
    await office.write(WARM, RuleMode.TRIAL, "first", LI)
    sheet = await office.sheet("motor-warm")
    assert sheet.text.strip() == WARM.strip()
    assert [(each.number, each.why) for each in sheet.versions] == [(1, "first")]


async def test_the_first_look_holds_nobody_up_and_forgets_nothing_written_meanwhile(
    office: SiteRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, may_end, begun = RuleLoader.load, threading.Event(), threading.Event()

    def load_slowly(
        self: RuleLoader, shelf: RuleShelf, *, new: Collection[str] = (), prove: bool = False
    ) -> dict[str, Rule]:
        found = load(self, shelf, new=new, prove=prove)
        if not new:
            begun.set()
            may_end.wait(60)
        return found

    put, stored = office._put, asyncio.Event()

    async def put_and_tell(
        rules: Sequence[Rule], documents: Sequence[Document], entries: Sequence[Entry]
    ) -> None:
        await put(rules, documents, entries)
        stored.set()

    monkeypatch.setattr(RuleLoader, "load", load_slowly)
    monkeypatch.setattr(office, "_put", put_and_tell)
    looks = [asyncio.create_task(office.cards()) for _ in range(2)]
    await asyncio.to_thread(begun.wait, 60)
    writing = asyncio.create_task(office.write(WARM, RuleMode.TRIAL, "first", LI))
    await stored.wait()
    may_end.set()
    assert (await writing)[0].id == "motor-warm"
    for cards in await asyncio.gather(*looks):
        assert "motor-warm" in [card.id for card in cards]


async def test_activation_trial_and_off_are_versions_and_survive_a_restart(
    office: SiteRules, force: Force
) -> None:
    await office.write(WARM, RuleMode.TRIAL, "first", LI)
    await office.switch("motor-warm", RuleMode.ACTIVE, "a week without a false one", LI)
    assert modes(force)["motor-warm"] is False
    await office.switch("motor-warm", RuleMode.OFF, "new motors", LI)
    assert "motor-warm" not in modes(force)
    card = next(each for each in await again(force).cards() if each.id == "motor-warm")
    assert (card.mode, card.version, card.source) == (RuleMode.OFF, 3, "site")


async def test_a_shipped_rule_can_be_switched_off_changed_and_put_back(
    office: SiteRules, force: Force
) -> None:
    await office.switch(LIBRARY_RULE, RuleMode.OFF, "no sensor on our booms", LI)
    assert LIBRARY_RULE not in modes(force)
    text = (await office.sheet(LIBRARY_RULE)).text.replace('"critical"', '"minor"', 1)
    (card,) = await office.write(text, RuleMode.ACTIVE, "less", LI, rule=LIBRARY_RULE, on=1)
    assert (card.source, card.version) == ("site", 2)
    card = await office.go_back(LIBRARY_RULE, 0, "as shipped after all", LI)
    assert (card.mode, card.version, card.source) == (RuleMode.ACTIVE, 3, "library")
    assert modes(force)[LIBRARY_RULE] is False


async def test_going_back_takes_text_and_mode_of_that_version(office: SiteRules) -> None:
    await office.write(WARM, RuleMode.ACTIVE, "first", LI)
    await office.write(WARM.replace("> 60", "> 65"), RuleMode.TRIAL, "second", LI)
    card = await office.go_back("motor-warm", 1, "too late", LI)
    assert (card.mode, card.version) == (RuleMode.ACTIVE, 3)
    assert "> 60" in (await office.sheet("motor-warm")).text


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        (WARM.replace("motor.temperature > 60", "motor.temprature > 60"), 8, "temprature"),
        (WARM.replace('"minor"', '"awful"'), 9, "awful"),
        (WARM.replace("0s raise", "5s raise"), 15, "expects 5s raise"),
        (WARM.partition("[[rule.example]]")[0], 3, "without an example"),
        ("[[rule", 1, "TOML"),
        ("# nothing", 1, "no [[rule]]"),
        (WARM + '[schedule.night]\ndays = ["mo"]\ntimes = ["22:00-06:00"]\n', 16, "'mo' is no day"),
    ],
)
async def test_a_fault_is_told_with_its_line_and_nothing_counts(
    office: SiteRules, force: Force, text: str, line: int, word: str
) -> None:
    proof = await office.check(text)
    assert [fault.line for fault in proof.faults] == [line]
    assert word in proof.faults[0].message
    with pytest.raises(ConfigError, match="text:"):
        await office.write(text, RuleMode.TRIAL, "x", LI)
    assert force.documents == []


async def test_a_change_that_breaks_another_rule_is_refused_with_its_file(
    force: Force,
) -> None:
    counts = WARM.replace(
        "motor.temperature > 60", "count_events('motor-warm-slow.missed','1h') > 2"
    )
    clock = ManualClock(NOW)
    office = make_office(clock, force, files={"site.toml": counts + _expectation()})
    gone = WARM.replace("motor-warm", "motor-warm-slow")
    proof = await office.check(gone)
    assert "site.toml: rule motor-warm" in proof.faults[0].message


def _expectation() -> str:
    return """
[[rule]]
id = "motor-warm-slow"
name = { zh = "慢", en = "slow" }
kind = "barrier_gate"
after = "command('open')"
expect = "arm.position == 'open'"
within = "10s"
[[rule.example]]
name = "it opens"
story = ["0s arm.position=closed", "1s command('open')", "3s arm.position=open"]
expect = []
"""


async def test_who_was_slower_is_told(office: SiteRules) -> None:
    await office.write(WARM, RuleMode.TRIAL, "first", LI)
    await office.switch("motor-warm", RuleMode.ACTIVE, "second", LI, on=1)
    with pytest.raises(ConflictError, match="at version 2 by now, not 1"):
        await office.write(WARM, RuleMode.TRIAL, "third", LI, rule="motor-warm", on=1)


async def test_a_text_of_another_rule_and_a_change_without_a_why_are_refused(
    office: SiteRules,
) -> None:
    with pytest.raises(InvalidRequestError, match="the text is of motor-warm"):
        await office.write(WARM, RuleMode.TRIAL, "x", LI, rule=LIBRARY_RULE)
    with pytest.raises(InvalidRequestError, match="Say why"):
        await office.switch(LIBRARY_RULE, RuleMode.OFF, "  ", LI)


async def test_unknown_rules_and_versions_get_the_nearest_name(office: SiteRules) -> None:
    with pytest.raises(NotFoundError, match=LIBRARY_RULE):
        await office.sheet("barier-boom-broken")
    await office.write(WARM, RuleMode.TRIAL, "first", LI)
    with pytest.raises(NotFoundError, match="no version 7"):
        await office.go_back("motor-warm", 7, "x", LI)
    with pytest.raises(NotFoundError, match="no file has it"):
        await office.go_back("motor-warm", 0, "x", LI)


async def test_the_export_is_what_another_hub_imports(office: SiteRules) -> None:
    text = (await office.sheet(LIBRARY_RULE)).text
    await office.write(WARM + text, RuleMode.ACTIVE, "both", LI)
    exported = await office.export()
    other_force = Force()
    other = make_office(ManualClock(NOW), other_force)
    cards = await other.write(exported, RuleMode.TRIAL, "from the neighbours", LI)
    assert {card.id for card in cards} == {"motor-warm", LIBRARY_RULE}
    assert (await other.sheet("motor-warm")).text.endswith(WARM.strip() + "\n")


async def test_a_version_that_no_longer_loads_leaves_the_rest_alone(force: Force) -> None:
    office = make_office(ManualClock(NOW), force)
    await office.write(WARM, RuleMode.ACTIVE, "first", LI)
    broken = [
        Document(
            collection=each.collection,
            key=each.key,
            body=(each.body or b"").replace(b"motor.temperature > 60", b"gone.point > 60"),
        )
        for each in force.documents
    ]

    shelf = RuleShelf({each.key: each.body or b"" for each in broken})
    world = load_world(Settings(), {}, versions=shelf.newest())
    assert any(problem.file == "motor-warm@1" for problem in world.problems)
    assert "motor-warm" not in {rule.id for rule in world.rules}
    assert LIBRARY_RULE in {rule.id for rule in world.rules}


async def test_the_false_alarm_share_comes_from_the_closing_codes(
    office: SiteRules, force: Force
) -> None:
    force.closings = {LIBRARY_RULE: {"repaired": 6, "false_alarm": 1, "no_fault_found": 1}}
    assert (await office.sheet(LIBRARY_RULE)).card.false_alarm_share == 0.25
    assert (await office.sheet("door-forced")).card.false_alarm_share is None


async def test_parameters_for_a_device_that_is_not_there_are_told(tmp_path: Path) -> None:
    text = """
[[params]]
rule = "barrier-stuck-open"
device = "gate-9"
set = { limit = "5m" }
"""
    (tmp_path / "own.toml").write_text(text, "utf-8")
    settings = Settings(rules=FolderSettings(dirs=(tmp_path,)))
    (problem,) = (each for each in load_world(settings, {}).problems if each.line)
    assert (problem.line, "no device 'gate-9'" in problem.message) == (2, True)
