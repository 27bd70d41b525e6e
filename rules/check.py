"""Checks a rule's expressions against what its kinds can say, and proves it by its examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hub.errors import Problem
from hub.model.catalogue import DeviceModel
from hub.model.device import Kind
from hub.model.kinds import CORE_EVENTS
from rules.draft import Draft
from rules.language.scope import Scope
from rules.line import StoryError
from rules.plan import Plan
from rules.program import FieldError, build_program, compile_field, expressions
from rules.rule import Rule, Span
from rules.story import run_examples
from rules.vocabulary import Vocabulary

_SCHEDULE = re.compile(r"in_schedule\(\s*['\"]([^'\"]*)")


def check_rule(
    draft: Draft,
    vocabulary: Vocabulary,
    schedules: dict[str, tuple[Span, ...]],
    models: Iterable[DeviceModel],
) -> tuple[Rule, list[Problem]]:
    """Return (the rule with what its stories need, every fault in its expressions)."""
    rule = msgspec.structs.replace(draft.rule, schedules=schedules)
    problems: dict[tuple[int, int, str], Problem] = {}
    for kind in rule.kinds:
        rule = _learn(rule, kind, vocabulary)
        for problem in _check_kind(draft, rule, kind, vocabulary):
            problems.setdefault((problem.line, problem.column, problem.message), problem)
    rule = _keep_schedules(rule)
    if not problems:
        return rule, _check_models(draft, rule, vocabulary, models)
    return rule, list(problems.values())


def _keep_schedules(rule: Rule) -> Rule:
    """Keep the schedules that the rule asks: another one that changes does not change it."""
    texts = expressions(rule).values()
    asked = {name for text in texts for name in _SCHEDULE.findall(text)}
    kept = {name: spans for name, spans in rule.schedules.items() if name in asked}
    return msgspec.structs.replace(rule, schedules=kept)


def _learn(rule: Rule, kind: Kind, vocabulary: Vocabulary) -> Rule:
    if kind is not rule.kinds[0]:
        return rule
    added = sorted(vocabulary.event_names(kind) - set(CORE_EVENTS[kind]))
    return msgspec.structs.replace(
        rule,
        points=vocabulary.added_points(kind),
        events=tuple(added),
        commands=tuple(sorted(vocabulary.command_names(kind))),
    )


def _check_kind(draft: Draft, rule: Rule, kind: Kind, vocabulary: Vocabulary) -> list[Problem]:
    problems = []
    for field, text in expressions(rule).items():
        scope = Scope(Plan(kind, vocabulary), rule.params, rule.schedules)
        try:
            compile_field(field, text, scope)
        except FieldError as error:
            problems.append(_locate(draft, error))
    if not problems:
        try:
            build_program(rule, Plan(kind, vocabulary))
        except FieldError as error:
            problems.append(_locate(draft, error))
    return problems


def _check_models(
    draft: Draft, rule: Rule, vocabulary: Vocabulary, models: Iterable[DeviceModel]
) -> list[Problem]:
    """Find the models that give a point another type than the kind does."""
    problems = []
    for model in models:
        if model.kind not in rule.kinds:
            continue
        try:
            build_program(rule, Plan(model.kind, vocabulary, model))
        except FieldError as error:
            found = _locate(draft, error)
            message = f"{found.message} (model {model.id} / 型号 {model.id})"
            problems.append(msgspec.structs.replace(found, message=message))
    return problems


def _locate(draft: Draft, error: FieldError) -> Problem:
    return draft.problem(
        error.field, str(error.error), offset=error.error.start, hint=error.error.hint
    )


def prove_rule(
    draft: Draft, rule: Rule, models: Mapping[str, DeviceModel], every: Sequence[Rule]
) -> list[Problem]:
    """Run the rule's examples; return what did not come out, or that there is none."""
    if not rule.examples:
        text = "a rule without an example does not load / 规则必须附带示例"
        return [draft.problem("example", text)]
    others = [each for each in every if each.expectation and each.id != rule.id]
    try:
        results = run_examples(rule, models, [each for each in others if _shares(each, rule)])
    except StoryError as error:
        return [draft.problem("example.0", f"story: {error}")]
    return [
        draft.problem(
            f"example.{i}",
            f"example {result.name!r} expects {_list(result.expected)}, "
            f"got {_list(result.got)} / 示例结果不符",
        )
        for i, result in enumerate(results)
        if not result.passed
    ]


def _shares(one: Rule, other: Rule) -> bool:
    return bool(set(one.kinds) & set(other.kinds))


def _list(texts: Sequence[str]) -> str:
    return ", ".join(texts) or "nothing"
