"""The reference of the rules is what the command prints now, and has every rule in full."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli import app
from rules.rule import Rule
from tests.support.shipped import RULES

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {
    language: (DOCS / name).read_text("utf-8")
    for language, name in (("zh", "rules-reference.md"), ("en", "rules-reference.en.md"))
}
FACTS = {
    "zh": ("监视", "恢复", "等级", "工单", "通知", "编号"),
    "en": ("Watches", "Over", "Severity", "Ticket", "Told", "Number"),
}


def entry(rule: Rule, language: str) -> str:
    return PAGES[language].split(f'<a id="{rule.id}"></a>')[1].split("<a id=")[0].split("\n## ")[0]


@pytest.mark.parametrize("language", PAGES)
def test_the_page_is_not_stale(language: str) -> None:
    command = ["rules", "reference", "--language", language]
    told = CliRunner().invoke(app, command).output
    assert told == PAGES[language], f"lingdang {' '.join(command)} > the page"


@pytest.mark.parametrize("language", PAGES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_an_entry_says_everything_that_matters(rule: Rule, language: str) -> None:
    text = entry(rule, language)
    assert all(name in text for name in rule.name.values())
    assert re.findall(r"^- \*\*(\w+)\*\*", text, re.MULTILINE)[0] == FACTS[language][0]
    assert all(f"- **{name}**" in text for name in FACTS[language])
    assert all(f"`{name}` = " in text for name in rule.params)
    for example in rule.examples:
        assert f"*{example.name if language == 'en' else example.zh}" in text
    assert text.count({"zh": "加重", "en": "Worse"}[language]) == len(rule.stages)
    assert f"`{rule.id}`" in text
    assert f"`{rule.fault}`" in text


@pytest.mark.parametrize("language", PAGES)
def test_each_link_of_the_tables_leads_to_an_entry(language: str) -> None:
    links = re.findall(r"\]\(#([\w-]+)\)", PAGES[language])
    assert sorted(links) == sorted(rule.id for rule in RULES)


def test_what_is_missing_is_listed() -> None:
    assert "漏电" in PAGES["zh"]
    assert "needs a point for the residual current" in PAGES["en"]
