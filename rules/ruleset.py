"""Loads rule files: strict, all faults at once, each with its file, line and column."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from hub.config.toml_text import parse_toml
from hub.errors import ConfigError, Problem
from hub.model.catalogue import DeviceModel
from rules.check import check_rule, prove_rule
from rules.draft import Draft, read_rule
from rules.language.syntax import nearest
from rules.override import TABLE, attach, read_overrides
from rules.rule import Override, Rule, Span
from rules.schedule import read_schedules
from rules.source import Block, find_blocks, group_rules
from rules.vocabulary import Vocabulary

_TABLES = ("rule", "schedule", TABLE)
_PLACE = re.compile(r"line (\d+), column (\d+)")


def load_rules(
    files: Mapping[str, str],
    models: Mapping[str, DeviceModel],
    *,
    prove: bool = True,
    site: Collection[str] = (),
) -> tuple[Rule, ...]:
    """Return the rules of all files (name → text), or raise ConfigError with every fault.

    A rule of a later file takes the place of an earlier one with its id. Rules of the files named
    in `site` start in trial unless they say otherwise. With `prove` every example is run, and a
    rule without a passing one is a fault.
    """
    problems: list[Problem] = []
    drafts: dict[str, Draft] = {}
    schedules: dict[str, tuple[Span, ...]] = {}
    overrides: list[Override] = []
    for name, text in files.items():
        found, table, others = _read_file(name, text, problems, trial=name in site)
        schedules |= table
        overrides += others
        for draft in found:
            drafts.pop(draft.rule.id, None)
            drafts[draft.rule.id] = draft
    rules = _finish(drafts, schedules, models, problems)
    rules = attach(rules, overrides, models, problems)
    if prove and not problems:
        for draft, rule in zip(drafts.values(), rules, strict=True):
            problems += prove_rule(draft, rule, models, rules)
    if problems:
        raise ConfigError(*sorted(problems, key=lambda each: (each.file, each.line, each.column)))
    return tuple(rules)


def _finish(
    drafts: Mapping[str, Draft],
    schedules: dict[str, tuple[Span, ...]],
    models: Mapping[str, DeviceModel],
    problems: list[Problem],
) -> list[Rule]:
    emitters = [each.rule.id for each in drafts.values() if each.rule.expectation]
    vocabulary = Vocabulary(models, emitters)
    rules = []
    for draft in drafts.values():
        rule, found = check_rule(draft, vocabulary, schedules, models.values())
        problems += found
        rules.append(rule)
    return rules


def _read_file(
    name: str, text: str, problems: list[Problem], *, trial: bool
) -> tuple[list[Draft], dict[str, tuple[Span, ...]], list[Override]]:
    try:
        data = parse_toml(text)
    except ValueError as error:
        problems.append(_syntax_problem(name, text, error))
        return [], {}, []
    blocks = find_blocks(text)
    problems += _check_tables(name, data, blocks)
    tables = data.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        message = "rules are written [[rule]] / 规则请写 [[rule]]"
        problems.append(Problem(file=name, line=1, message=message))
        return [], {}, []
    drafts = _read_rules(name, tables, group_rules(blocks), problems, trial=trial)
    overrides = read_overrides(name, data.get(TABLE, []), blocks, problems)
    return drafts, read_schedules(name, data.get("schedule", {}), blocks, problems), overrides


def _read_rules(
    name: str,
    tables: list[dict[str, Any]],
    groups: list[list[Block]],
    problems: list[Problem],
    *,
    trial: bool,
) -> list[Draft]:
    drafts: list[Draft] = []
    seen: set[str] = set()
    for i, table in enumerate(tables):
        group = groups[i] if i < len(groups) else [Block("rule", 1, {})]
        draft, found = read_rule(name, table, group, trial=trial)
        problems += found
        if draft is None:
            continue
        if draft.rule.id in seen:
            text = f"the rule {draft.rule.id!r} stands twice in this file / 规则编号重复"
            problems.append(draft.problem("id", text))
        seen.add(draft.rule.id)
        drafts.append(draft)
    return drafts


def _syntax_problem(name: str, text: str, error: ValueError) -> Problem:
    place = _PLACE.search(str(error))
    line, column = (int(place[1]), int(place[2])) if place else (text.count("\n") + 1, 0)
    message = f"this is not TOML: {error} / TOML 写法有误"
    return Problem(file=name, line=line, column=column, message=message)


def _check_tables(name: str, data: dict[str, Any], blocks: list[Block]) -> list[Problem]:
    lines = {block.header.partition(".")[0]: block.line for block in reversed(blocks)}
    return [
        Problem(
            file=name,
            line=lines.get(key, 1),
            column=1,
            message=f"there is no table {key!r} in a rule file / 规则文件没有 {key!r}",
            hint=nearest(key, _TABLES),
        )
        for key in data
        if key not in _TABLES
    ]
