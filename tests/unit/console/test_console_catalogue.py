"""The words of the pages: both languages say the same, and every word asked for is there."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from hub.console.frame.language import Language, language_of, words_of
from hub.model.acceptance import Progress
from hub.model.access import Role
from hub.model.alarm import Class, Severity, Urgency
from hub.model.bell import KINDS
from hub.model.case import CaseAction, CaseState
from hub.model.device import Kind, Lifecycle
from hub.model.ticket import ClosingCode, TicketAction, TicketFlag, TicketState
from hub.services.sheets.column import KINDS as KINDS_OF_SHEETS
from hub.services.sheets.column import STATES

CONSOLE = Path(__file__).parents[3] / "hub" / "console"
ZH, EN = words_of(Language.ZH), words_of(Language.EN)
ASKED = re.compile(r"""words\(\s*["']([a-z_0-9]+\.[a-z_0-9.]+)["']""")


def test_both_catalogues_have_the_same_keys() -> None:
    assert ZH.phrases.keys() == EN.phrases.keys()


@pytest.mark.parametrize("key", sorted(ZH.phrases))
def test_both_languages_of_a_phrase_take_the_same_fields(key: str) -> None:
    assert _fields(ZH.phrases[key]) == _fields(EN.phrases[key])


def test_every_phrase_that_a_template_or_module_asks_for_exists() -> None:
    sources = [*CONSOLE.glob("*.py"), *CONSOLE.glob("templates/*.html")]
    asked = {key for path in sources for key in ASKED.findall(path.read_text("utf-8"))}
    assert len(asked) > 60
    assert asked - ZH.phrases.keys() == set()


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("ticket_state", TicketState),
        ("ticket_flag", TicketFlag),
        ("do", TicketAction),
        ("code", ClosingCode),
        ("severity", Severity),
        ("urgency", Urgency),
        ("class", Class),
        ("kind", Kind),
        ("kind_short", Kind),
        ("role", Role),
        ("lifecycle", Lifecycle),
        ("progress", Progress),
        ("bell_kind", KINDS),
        ("case_state", CaseState),
        ("case_do", CaseAction),
    ],
)
def test_every_word_of_the_model_has_a_word_for_people(group: str, names: type[str]) -> None:
    for name in names:  # type: ignore[attr-defined]
        assert f"{group}.{name}" in ZH.phrases


def test_the_words_are_those_of_the_design() -> None:
    states = [ZH(f"ticket_state.{state}") for state in TicketState]
    assert states == [
        "待派单", "待接单", "已接单", "已到场", "已完工", "已核查", "已办结", "作废",
    ]  # fmt: skip
    assert [ZH(f"ticket_flag.{flag}") for flag in ("suspended", "shelved", "reopened")] == [
        "挂起", "挂账", "重办",
    ]  # fmt: skip
    buttons = ("take", "arrive", "complete", "transfer", "false_alarm", "receive")
    assert [ZH(f"do.{button}") for button in buttons] == [
        "接单", "到场", "完工", "转派", "误报", "收到",
    ]  # fmt: skip
    assert [ZH(f"standing.{word}") for word in ("silent", "stale", "maintenance")] == [
        "离线", "数据过期", "检修中",
    ]  # fmt: skip
    assert [ZH(f"class.{each}") for each in Class] == ["一般", "较难", "复杂"]
    assert [ZH(f"urgency.{each}") for each in Urgency] == ["急修", "普通", "计划"]


def test_an_unknown_language_is_chinese() -> None:
    assert language_of("tlh") is Language.ZH
    assert language_of("en") is Language.EN


def test_a_text_in_one_language_only_is_shown_in_the_other() -> None:
    assert EN.of({"zh": "道闸"}) == "道闸"
    assert EN.of({"zh": "道闸", "en": "Gate"}) == "Gate"
    assert EN.of({}) == ""


def _fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name}


def test_a_workbook_calls_kinds_and_states_as_the_pages_do() -> None:
    assert {kind: ZH(f"kind.{kind}") for kind in KINDS_OF_SHEETS} == KINDS_OF_SHEETS
    assert {state: ZH(f"lifecycle.{state}") for state in STATES} == STATES
