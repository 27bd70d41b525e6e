"""One rule as people of the crew read it: what it watches, for how long, who hears, examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hub.console.frame.language import Language, Words, words_of
from hub.model.alarm import ReportWhen, TicketSpec
from hub.model.report import Value
from hub.model.wording import TRADES, Pair, write_number, write_span
from hub.ports import RuleWords
from hub.services.tickets.deadline import ARRIVE, TAKE, finish_within
from rules.duration import parse_duration
from rules.prose.sentence import write_columns, write_expression, write_line, write_outcome
from rules.prose.term import Context
from rules.rule import Example, Rule, Stage
from rules.vocabulary import Vocabulary

_MOST = 8
_SHOWN = 3
_REPORTS: dict[ReportWhen, Pair] = {
    ReportWhen.AT_ONCE: ("立即上报网格平台", "reported to the grid platform at once"),
    ReportWhen.ON_ESCALATION: (
        "升级后上报网格平台",
        "reported to the grid platform once it climbs",
    ),
    ReportWhen.NEVER: ("不上报", "not reported"),
}
_INHIBITS: dict[str, Pair] = {
    "fire": ("消防联动", "a fire"),
    "maintenance": ("检修", "maintenance"),
    "notice": ("公告", "a notice"),
}


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """What all entries share: the language, and the words that rules may use."""

    language: Language
    vocabulary: Vocabulary

    @property
    def words(self) -> Words:
        """Return the words of the pages."""
        return words_of(self.language)

    def say(self, zh: str, en: str) -> str:
        """Pick the language."""
        return zh if self.language is Language.ZH else en

    def listed(self, parts: Sequence[str]) -> str:
        """Write several in a row."""
        return self.say("、", ", ").join(parts)

    def people(self, roles: Sequence[str]) -> str:
        """Write who is told."""
        return self.listed([self.words.name("role", role) for role in roles])

    def kinds(self, rule: Rule) -> str:
        """Write the kinds of devices of a rule."""
        return self.listed([self.words.name("kind", kind) for kind in rule.kinds])

    def limits(self, ticket: TicketSpec) -> str:
        """Write the urgency and the class of a ticket, each with its limits."""
        urgency = self.words.name("urgency", ticket.urgency)
        if ticket.urgency in TAKE:
            take, arrive = (
                write_span(table[ticket.urgency], self.language) for table in (TAKE, ARRIVE)
            )
            urgency += self.say(
                f"（{take}内接单，{arrive}内到场）", f" (taken in {take}, on site in {arrive})"
            )
        finish = f"{finish_within(ticket.urgency, ticket.class_) / 3600:g}"
        name = self.words.name("class", ticket.class_)
        return self.say(
            f"{urgency}，{name}（{finish} 小时内完工）", f"{urgency}, {name} (done in {finish} h)"
        )


def say_rule(rule: Rule, vocabulary: Vocabulary) -> dict[str, RuleWords]:
    """Return a rule in plain words by language, without Markdown."""
    said = {}
    for language in Language:
        book = Book(language=language, vocabulary=vocabulary)
        said[language.value] = RuleWords(
            facts=tuple((name, _plain(text)) for name, text in write_facts(rule, book)),
            examples=tuple(_plain(write_story(rule, each, book)) for each in rule.examples),
        )
    return said


def _plain(text: str) -> str:
    return text.replace("*", "").replace("`", "")


def write_entry(rule: Rule, book: Book) -> Iterator[str]:
    """Yield the lines of a rule's entry."""
    other = Language.EN if book.language is Language.ZH else Language.ZH
    yield f'<a id="{rule.id}"></a>'
    yield ""
    yield f"### {rule.name[book.language]} · {rule.name[other]}"
    yield ""
    for name, text in write_facts(rule, book):
        yield f"- **{name}**{book.say('：', ': ')}{text}"
    yield ""
    yield book.say("举例：", "For example:")
    yield ""
    for example in rule.examples:
        yield f"- {write_story(rule, example, book)}"
    yield ""


def write_facts(rule: Rule, book: Book) -> Iterator[tuple[str, str]]:
    """Yield what a rule does: a word, and what stands behind it, as Markdown."""
    yield book.say("监视", "Watches"), _condition(rule, book)
    yield book.say("恢复", "Over"), _end(rule, book)
    if rule.params:
        params = [f"`{name}` = {_param(value, book)}" for name, value in rule.params.items()]
        yield book.say("可调", "Can be set"), book.listed(params)
    yield book.say("等级", "Severity"), book.words.name("severity", rule.severity)
    yield book.say("工单", "Ticket"), _ticket(rule, book)
    yield book.say("通知", "Told"), book.people(rule.tell)
    for stage in rule.stages:
        yield book.say("加重", "Worse"), _stage(rule, stage, book)
    if rule.inhibit:
        held = book.listed([book.say(*_INHIBITS[each]) for each in rule.inhibit])
        yield book.say("不报", "Held back"), book.say(f"{held}期间", f"during {held}")
    yield from _rest(rule, book)


def _rest(rule: Rule, book: Book) -> Iterator[tuple[str, str]]:
    note = book.say("说明", "Note")
    if rule.discreet:
        yield note, book.say("不上任何大屏", "kept off every wall")
    if rule.explains:
        zh = "其下设备随之失联时并入本告警"
        yield note, book.say(zh, "devices behind it that fall silent are folded into this alarm")
    if 1 < len(rule.kinds) < len(tuple(type(rule.kinds[0]))):
        yield book.say("适用", "For"), book.kinds(rule)
    yield book.say("编号", "Number"), f"`{rule.id}`{book.say('，', ', ')}`{rule.fault}`"


def _express(rule: Rule, text: str, book: Book) -> str:
    return write_expression(text, _context(rule, book))


def _context(rule: Rule, book: Book) -> Context:
    return Context(
        kind=rule.kinds[0],
        vocabulary=book.vocabulary,
        params=rule.params,
        language=book.language,
    )


def _condition(rule: Rule, book: Book) -> str:
    text = _express(rule, rule.when, book) if rule.when else ""
    if rule.hold:
        span = write_span(rule.hold, book.language)
        text += book.say(f"；持续 {span}后告警", f"; for {span}")
    if rule.expectation is None:
        return text
    after = _express(rule, rule.expectation.after, book)
    expect = _express(rule, rule.expectation.expect, book)
    within = write_span(rule.expectation.within, book.language)
    return book.say(
        f"{text}。应有的动作：「{after}」之后 {within}内「{expect}」",
        f"{text}. Expected: after “{after}”, within {within}, “{expect}”",
    )


def _end(rule: Rule, book: Book) -> str:
    span = write_span(rule.release, book.language)
    if rule.clear:
        text = _express(rule, rule.clear, book)
        return text + (book.say(f"；持续 {span}", f"; for {span}") if rule.release else "")
    if not rule.release:
        return book.say("上述情况消失", "when it is no longer so")
    return book.say(f"上述情况消失 {span}后", f"when it has not been so for {span}")


def _param(value: Value, book: Book) -> str:
    if isinstance(value, float):
        return write_number(value)
    try:
        return write_span(parse_duration(str(value)), book.language)
    except ValueError:
        return str(value)


def _ticket(rule: Rule, book: Book) -> str:
    if rule.ticket is None:
        return book.say("不开工单，只通知", "none; people are told")
    name = rule.ticket.trade
    trade = book.say(*TRADES.get(name, (name, name)))
    parts = [
        book.limits(rule.ticket),
        book.say(f"{trade}班组", f"crew for {trade}"),
        book.say(*_REPORTS[rule.ticket.report]),
    ]
    return book.say("；", "; ").join(parts)


def _stage(rule: Rule, stage: Stage, book: Book) -> str:
    parts = [_express(rule, stage.when, book)]
    if stage.hold:
        span = write_span(stage.hold, book.language)
        parts.append(book.say(f"再持续 {span}", f"for another {span}"))
    if stage.severity:
        severity = book.words.name("severity", stage.severity)
        parts.append(book.say(f"等级“{severity}”", f"severity {severity}"))
    if stage.ticket:
        limits = book.limits(stage.ticket)
        parts.append(book.say(f"工单{limits}", f"ticket {limits}"))
    if stage.tell:
        told = book.people(stage.tell)
        parts.append(book.say(f"通知{told}", f"{told} are told"))
    return book.say("；", "; ").join(parts)


def write_story(rule: Rule, example: Example, book: Book) -> str:
    """Write an example: what happens, and what comes of it, as Markdown."""
    context = _context(rule, book)
    lines = [write_line(text, context) for text in example.story]
    if len(lines) > _MOST:
        left = len(lines) - 2 * _SHOWN
        more = book.say(f"…（另 {left} 行）…", f"… ({left} more lines) …")
        lines = [*lines[:_SHOWN], more, *lines[-_SHOWN:]]
    told = [write_outcome(text, book.language) for text in example.expect]
    outcome = book.listed(told) or book.say("**不告警**", "**no alarm**")
    title = book.say(example.zh or example.name, example.name)
    if example.device:
        sheet = write_columns(example.device, book.language)
        title += book.say(f"（设备表：{sheet}）", f" (sheet: {sheet})")
    return f"*{title}* — {' → '.join(lines)} ⇒ {outcome}"
