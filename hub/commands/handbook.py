"""What is printed about the rules: the reference for people, and the schema for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from device_drivers.catalogue import load_models, shipped_models
from hub.assembly.loading import shipped_catalogue, shipped_rules
from hub.assembly.rule_entry import Book, write_entry
from hub.console.frame.language import Language
from hub.model.device import Kind
from rules.coverage import Row, Section, read_catalogue
from rules.rule import Rule
from rules.ruleset import load_rules
from rules.schema import build_schema
from rules.vocabulary import Vocabulary


def write_schema() -> str:
    """Return the JSON Schema of rule files as text."""
    return json.dumps(build_schema(), ensure_ascii=False, indent=1)


def write_reference(language: Language) -> str:
    """Return the page about every shipped rule, as Markdown."""
    models = load_models(shipped_models())
    rules = load_rules(shipped_rules(), models, prove=False)
    emitters = [rule.id for rule in rules if rule.expectation]
    book = Book(language=language, vocabulary=Vocabulary(models, emitters))
    lines = [*_head(rules, book)]
    for kind in (None, *Kind):
        lines += _chapter(kind, [rule for rule in rules if _belongs(rule, kind)], book)
    lines += _gaps(read_catalogue(shipped_catalogue()), book)
    return "\n".join(lines)


def _belongs(rule: Rule, kind: Kind | None) -> bool:
    """Tell whether a rule stands in the chapter of a kind; None is that of all kinds."""
    is_any = len(rule.kinds) == len(Kind)
    return is_any if kind is None else rule.kinds[0] is kind and not is_any


def _head(rules: Sequence[Rule], book: Book) -> Iterator[str]:
    examples = sum(len(rule.examples) for rule in rules)
    yield book.say("# 规则手册", "# The rules, one by one")
    yield ""
    yield book.say(
        f"平台自带 {len(rules)} 条规则，由 {examples} 个示例证明。每条写明：监视什么、持续多久、"
        "何时恢复、开什么工单、通知谁。数值是出厂设定，可以在本小区的规则文件里改（`rules.md`）。",
        f"{len(rules)} rules ship, proven by {examples} examples. Each entry says what is watched, "
        "for how long, when it is over, which ticket it opens and who is told. Figures are "
        "defaults that a site can change (`rules.md`).",
    )
    yield ""
    yield book.say(
        "“未知”既不告警也不恢复：设备没说的，平台不猜。示例里箭头左边是先后发生的事，右边是结果。"
        "本页由 `lingdang rules reference` 生成，请勿手改。",
        "What is unknown raises and clears nothing. In an example the arrows lead from what "
        "happens first to what comes of it. This page is written by "
        "`lingdang rules reference --language en`; do not edit it.",
    )
    yield ""


def _chapter(kind: Kind | None, rules: Sequence[Rule], book: Book) -> Iterator[str]:
    if not rules:
        return
    name = book.words.name("kind", kind) if kind else book.say("各类设备", "Every device")
    yield f"## {name}"
    yield ""
    yield book.say("| 故障 | 等级 | 工单 | 通知 |", "| fault | severity | ticket | told |")
    yield "|---|---|---|---|"
    for rule in rules:
        ticket = rule.ticket
        short = book.say("无", "none")
        if ticket:
            urgency, of_class = (
                book.words.name(group, word)
                for group, word in (("urgency", ticket.urgency), ("class", ticket.class_))
            )
            short = f"{urgency} · {of_class}"
        severity = book.words.name("severity", rule.severity)
        title = f"[{rule.name[book.language]}](#{rule.id})"
        yield f"| {title} | {severity} | {short} | {book.people(rule.tell)} |"
    yield ""
    for rule in rules:
        yield from write_entry(rule, book)


def _gaps(sections: Sequence[Section], book: Book) -> Iterator[str]:
    """Say what the rules leave out, by the fault catalogue of the trade."""
    yield book.say("## 规则没有覆盖或只覆盖一部分的", "## What no rule covers, or in part")
    yield ""
    yield book.say("| 设备 | 故障 | 原因 |", "| devices | fault | why |")
    yield "|---|---|---|"
    for section in sections:
        for row in section.row:
            yield from _gap(section, row, book)


def _gap(section: Section, row: Row, book: Book) -> Iterator[str]:
    for head, words in (
        (book.say("还需要：", "needs "), row.needs),
        (book.say("平台自身处理：", "the hub itself: "), row.by),
        (book.say("说明：", "note: "), row.note),
    ):
        if words:
            name, fault = section.name[book.language], row.fault[book.language]
            yield f"| {name} | {fault} | {head}{words[book.language]} |"
