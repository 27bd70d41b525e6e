"""Reads one `[[rule]]` table into a rule whose expressions are not checked yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hub.errors import Problem
from hub.model.alarm import Severity, TicketSpec
from hub.model.device import Kind
from hub.model.instant import from_rfc3339
from rules.language.syntax import nearest
from rules.reader import Reader
from rules.rule import Example, Expectation, Rule, Stage
from rules.source import Block, Mark

MIDNIGHT = "2026-03-02T00:00"
"""A Monday; where a story starts that does not say when."""

RULE_KEYS = (
    "id", "fault", "name", "kind", "params", "when", "hold", "gap", "clear", "release", "quiet",
    "after", "expect", "within", "severity", "tell", "inhibit", "ticket", "discreet", "explains",
    "trial", "stage", "example", "source", "note",
)  # fmt: skip
INHIBITS = ("fire", "maintenance", "notice")
_UNTITLED = {"zh": "示例", "en": "example"}
STAGE_KEYS = ("when", "hold", "severity", "ticket", "tell")
EXAMPLE_KEYS = ("name", "story", "expect", "from", "model", "device", "place")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A rule with the places of its keys, by field (`when`, `stage.0`, `example.1`)."""

    rule: Rule
    marks: dict[str, Mark]

    def problem(self, field: str, message: str, *, offset: int = 0, hint: str = "") -> Problem:
        """Make a fault at a field; `offset` counts characters into its text."""
        known = self.marks.get(field) or self.marks.get(field.partition(".")[0])
        mark = known or Mark(self.rule.line, 1)
        return Problem(
            file=self.rule.file,
            line=mark.line,
            column=mark.column + (offset if known else 0),
            message=f"rule {self.rule.id}: {message}",
            hint=hint,
        )


def read_rule(
    file: str, table: dict[str, Any], group: list[Block], *, trial: bool
) -> tuple[Draft | None, list[Problem]]:
    """Return (the rule with its places, its faults); None for one without an id."""
    reader = Reader(file, table, group[0], table.get("params"))
    reader.check_keys(RULE_KEYS)
    ticket = reader.ticket()
    stages = []
    for each in _parts(reader, group, "stage", STAGE_KEYS):
        stages.append(_read_stage(each, ticket))
        reader.timed |= {f"stage.{len(stages) - 1}": name for name in each.timed.values()}
    parts = _parts(reader, group, "example", EXAMPLE_KEYS)
    examples = [_read_example(each) for each in parts]
    name = reader.text("id")
    if not name:
        reader.fault("id", "a rule needs an id / 规则必须有 id")
        return None, reader.problems
    rule = Rule(
        id=name,
        fault=reader.text("fault") or name,
        name=reader.names("name"),
        kinds=_read_kinds(reader),
        params=reader.values("params"),
        stages=tuple(stages),
        expectation=_read_expectation(reader),
        examples=tuple(examples),
        file=file,
        line=group[0].line,
        **_read_condition(reader),
        **_read_consequence(reader, trial=trial),
    )
    timed = {"release" if key == "quiet" else key: name for key, name in reader.timed.items()}
    rule = msgspec.structs.replace(rule, timed=timed)
    draft = Draft(rule=rule, marks=_collect_marks(group))
    return draft, reader.problems + _check_shape(draft, table)


def _read_condition(reader: Reader) -> dict[str, Any]:
    return {
        "when": reader.text("when"),
        "clear": reader.text("clear"),
        "hold": reader.seconds("hold") or 0.0,
        "release": reader.seconds("quiet" if "quiet" in reader.table else "release") or 0.0,
        "gap": reader.seconds("gap"),
    }


def _read_consequence(reader: Reader, *, trial: bool) -> dict[str, Any]:
    return {
        "severity": Severity(reader.choice("severity", Severity) or Severity.MINOR),
        "tell": reader.texts("tell"),
        "inhibit": reader.texts("inhibit", INHIBITS),
        "ticket": reader.ticket(),
        "discreet": reader.flag("discreet"),
        "explains": reader.member("explains", reader.text("explains"), ("silence", "")),
        "trial": reader.flag("trial", default=trial),
    }


def _collect_marks(group: list[Block]) -> dict[str, Mark]:
    marks = dict(group[0].keys)
    for part in ("stage", "example"):
        blocks = [block for block in group if block.header == f"rule.{part}"]
        for i, block in enumerate(blocks):
            key = "when" if part == "stage" else "expect"
            marks[f"{part}.{i}"] = block.keys.get(key, Mark(block.line, 1))
    return marks


def _read_kinds(reader: Reader) -> tuple[Kind, ...]:
    value = reader.table.get("kind", [])
    if value == "any":
        return tuple(Kind)
    kinds = []
    for each in value if isinstance(value, list) else [value]:
        if each in list(Kind):
            kinds.append(Kind(each))
        else:
            reader.fault(
                "kind",
                f"there is no kind {each!r} / 没有设备类型 {each!r}",
                nearest(str(each), Kind),
            )
    if not value:
        reader.fault("kind", "a rule needs a kind / 规则必须有 kind")
    return tuple(kinds)


def _parts(
    reader: Reader, group: list[Block], part: str, known: tuple[str, ...]
) -> Iterator[Reader]:
    tables = reader.table.get(part, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        reader.fault(part, f"write [[rule.{part}]] / 请写 [[rule.{part}]]")
        return
    blocks = [block for block in group if block.header == f"rule.{part}"]
    for i, table in enumerate(tables):
        block = blocks[i] if i < len(blocks) else Block(part, group[0].line, {})
        inner = Reader(reader.file, table, block, reader.params)
        inner.check_keys(known)
        yield inner
        reader.problems += inner.problems


def _read_stage(reader: Reader, ticket: TicketSpec | None) -> Stage:
    """Read a stage; what it does not say about the ticket is as in the rule's own."""
    severity = reader.choice("severity", Severity)
    return Stage(
        when=reader.text("when") or "True",
        hold=reader.seconds("hold") or 0.0,
        severity=Severity(severity) if severity else None,
        ticket=reader.ticket(ticket),
        tell=reader.texts("tell"),
    )


def _read_example(reader: Reader) -> Example:
    start = 0.0
    try:
        start = from_rfc3339(reader.text("from", MIDNIGHT))
    except ValueError:
        reader.fault("from", "from must be a time such as '2026-03-02T21:50' / from 应为时间")
    title = reader.names("name") if "name" in reader.table else _UNTITLED
    return Example(
        name=title["en"],
        zh=title["zh"],
        story=reader.texts("story"),
        expect=reader.texts("expect"),
        start=start,
        model=reader.text("model"),
        device=reader.values("device"),
        place=reader.values("place"),
        line=reader.block.line,
    )


def _read_expectation(reader: Reader) -> Expectation | None:
    keys = [key for key in ("after", "expect", "within") if key in reader.table]
    if not keys:
        return None
    if len(keys) < 3:  # noqa: PLR2004
        reader.fault(
            keys[0], "after, expect and within belong together / after、expect、within 须同时写"
        )
        return None
    return Expectation(
        after=reader.text("after"),
        expect=reader.text("expect"),
        within=reader.seconds("within") or 1.0,
    )


def _check_shape(draft: Draft, table: dict[str, Any]) -> list[Problem]:
    rule = draft.rule
    wrong = {
        "when": not rule.when and rule.expectation is None,
        "release": "quiet" in table and "release" in table,
        "clear": "quiet" in table and bool(rule.clear),
        "hold": bool(rule.hold) and not rule.when,
    }
    said = {
        "when": "a rule needs when, or after, expect and within / 规则必须有 when",
        "release": "quiet and release exclude each other / quiet 与 release 只能写一个",
        "clear": "quiet and clear exclude each other / quiet 与 clear 只能写一个",
        "hold": "hold needs when / hold 需要 when",
    }
    return [draft.problem(field, said[field]) for field, is_wrong in wrong.items() if is_wrong]
