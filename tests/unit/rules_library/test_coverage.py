"""Each row of the fault catalogue has its rules, each with examples, or says what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

import msgspec
import pytest

from hub.model.alarm import Urgency
from hub.services.tickets.deadline import HOUR, finish_within
from rules.coverage import Row, Section, read_catalogue
from rules.rule import Rule
from tests.support.shipped import RULES

TEXT = (files("rules") / "catalogue.toml").read_text("utf-8")
SECTIONS = read_catalogue(TEXT)
ROWS = [pytest.param(row, id=row.fault["en"]) for section in SECTIONS for row in section.row]
SIZES = {"9.1": 11, "9.2": 9, "9.3": 10, "9.4": 8, "9.5": 9}
SIZES |= {"9.6": 6, "9.7": 13, "9.8": 11, "9.9": 8, "9.10": 9}
EXAMPLES = 2


def find_gaps(sections: Sequence[Section], rules: Sequence[Rule]) -> Iterator[str]:
    """Yield a sentence for each row that is not covered, and for each rule without its row."""
    by_id = {rule.id: rule for rule in rules}
    named = set()
    for row in (row for section in sections for row in section.row):
        named.update(row.rules)
        if sum(map(bool, (row.rules, row.by, row.needs))) != 1:
            yield f"{row.fault['en']}: rules, by or needs, and one of them"
        for name in row.rules:
            rule = by_id.get(name)
            if rule is None:
                yield f"{row.fault['en']}: there is no rule {name}"
            elif not has_examples(rule):
                yield f"{name} does not show when it fires and when it does not"
    yield from (f"{name} stands in no row" for name in sorted(set(by_id) - named))


def has_examples(rule: Rule) -> bool:
    fires = [bool(example.expect) for example in rule.examples]
    return len(fires) >= EXAMPLES and any(fires) and not all(fires)


def without_examples(name: str) -> list[Rule]:
    return [
        msgspec.structs.replace(rule, examples=rule.examples[:1]) if rule.id == name else rule
        for rule in RULES
    ]


def test_every_row_is_covered_and_every_rule_has_its_row() -> None:
    assert list(find_gaps(SECTIONS, RULES)) == []


def test_no_row_of_the_catalogue_is_left_out() -> None:
    found = {section.at: len(section.row) for section in SECTIONS}
    assert {at: found.get(at) for at in SIZES} == SIZES


def test_a_rule_that_is_missing_or_lacks_an_example_is_told() -> None:
    (gone,) = find_gaps(SECTIONS, [rule for rule in RULES if rule.id != "door-held"])
    assert "no rule door-held" in gone
    (bare,) = find_gaps(SECTIONS, without_examples("door-held"))
    assert bare.startswith("door-held does not show")


def test_a_row_that_nothing_covers_and_a_rule_without_a_row_are_told() -> None:
    row = Row(fault={"zh": "不明", "en": "nobody knows"})
    (bare,) = find_gaps([*SECTIONS, Section(at="x", name={}, row=(row,))], RULES)
    assert bare.startswith("nobody knows")
    stray = msgspec.structs.replace(RULES[0], id="stray")
    assert list(find_gaps(SECTIONS, [*RULES, stray])) == ["stray stands in no row"]


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_as_grave_as_the_catalogue_has_it_or_says_why_not(row: Row) -> None:
    chosen = [rule for rule in RULES if rule.id in row.rules]
    found = {rule.severity for rule in chosen}
    found |= {stage.severity for rule in chosen for stage in rule.stages}
    assert not chosen or row.note or row.severity in found


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_finished_within_the_catalogues_hours_or_says_why_not(row: Row) -> None:
    specs = [rule.ticket for rule in RULES if rule.id in row.rules and rule.ticket]
    hours = [finish_within(spec.urgency, spec.class_) / HOUR for spec in specs]
    late = [each for each in hours if row.hours and each > row.hours]
    assert bool(late) == bool(row.later)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_waits_for_a_date_has_the_hours_of_planned_work(rule: Rule) -> None:
    planned = rule.ticket is not None and rule.ticket.urgency is Urgency.PLANNED
    assert not planned or finish_within(rule.ticket.urgency, rule.ticket.class_) == 72 * HOUR


@pytest.mark.parametrize("row", ROWS)
def test_a_row_speaks_both_languages(row: Row) -> None:
    for words in (row.fault, row.by, row.needs, row.note, row.later):
        assert words is None or set(words) == {"zh", "en"}
        assert words is None or (words["en"].isascii() and not words["zh"].isascii())
