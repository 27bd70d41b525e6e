"""The pages of the rules: which there are, and one of them with its text, versions and modes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from hub.access.http import ports_of, whole_community
from hub.access.policy import Call, forms
from hub.console.frame.page import ADMINISTRATORS, LEADERS, Visit, show, visit_of
from hub.console.running.site_page import say
from hub.errors import ConfigError, ConflictError, HubError, InvalidRequestError, Problem
from hub.model.rule_version import RuleMode
from hub.ports import RuleCard

REFUSALS = (InvalidRequestError, ConflictError, ConfigError)
"""What is told on the page; everything else is for the page of errors."""
DAYS = (1, 7, 30)
USUAL = 7
LONGEST_FIND = 60


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A rule in the list, in words."""

    id: str
    name: str
    kinds: str
    severity: str
    mode: RuleMode
    source: str
    version: int
    wrong: str


async def list_page(
    request: Request,
    find: Annotated[str, Query(max_length=LONGEST_FIND)] = "",
    mode: Annotated[str, Query(pattern="^(active|trial|off)?$")] = "",
) -> Response:
    """List the rules, those that were changed here first; a word finds some of them."""
    return await _list(request, find, mode)


async def rule_page(request: Request, rule: str) -> Response:
    """Show one rule."""
    return await show_rule(request, rule)


async def write_new_by_form(request: Request) -> Response:
    """Take new rules over, on trial."""
    who, form = await whole_community(request), await request.form()
    text, why = str(form.get("text", "")), str(form.get("why", ""))
    try:
        cards = await ports_of(request).rules.write(text, RuleMode.TRIAL, why, who)
    except REFUSALS as error:
        return await _list(request, refusal=error, text=text, why=why)
    return RedirectResponse(f"/rules/{cards[0].id}" if cards else "/rules", 303)


async def write_by_form(request: Request, rule: str) -> Response:
    """Make a version of a rule."""
    who, form = await whole_community(request), await request.form()
    text, why = str(form.get("text", "")), str(form.get("why", ""))
    office = ports_of(request).rules
    try:
        mode = _mode(str(form.get("mode", "")))
        await office.write(text, mode, why, who, rule=rule, on=edited_version(form.get("on")))
    except REFUSALS as error:
        return await show_rule(request, rule, refusal=error, text=text, why=why)
    return RedirectResponse(f"/rules/{rule}", 303)


async def switch_by_form(request: Request, rule: str) -> Response:
    """Have a rule count otherwise, or an older version of it count again."""
    who, form = await whole_community(request), await request.form()
    why, on = str(form.get("why", "")), edited_version(form.get("on"))
    back, office = str(form.get("back_to", "")), ports_of(request).rules
    try:
        if back:
            await office.go_back(rule, edited_version(back), why, who, on=on)
        else:
            await office.switch(rule, _mode(str(form.get("mode", ""))), why, who, on=on)
    except REFUSALS as error:
        return await show_rule(request, rule, refusal=error, why=why)
    return RedirectResponse(f"/rules/{rule}", 303)


def edited_version(said: object) -> int:
    """Return the version that a form was filled in on; InvalidRequestError for no number."""
    text = str(said)
    if not (text.isascii() and text.isdecimal() and len(text) < LONGEST_FIND):
        raise InvalidRequestError(
            "the form does not say which version it is about; load the page again",
            problems={"on": "no number"},
            zh="表单缺少版本号，请刷新页面再试。",
        )
    return int(text)


def _mode(said: str) -> RuleMode:
    if said not in set(RuleMode):
        raise InvalidRequestError(
            "choose how the rule counts",
            problems={"mode": "one of active, trial and off"},
            zh="请选择启用、试运行或停用。",
        )
    return RuleMode(said)


async def show_rule(
    request: Request, rule: str, *, refusal: HubError | None = None, text: str = "", why: str = ""
) -> Response:
    """Show a rule, with what was typed where that does not fit."""
    visit = await visit_of(request)
    sheet = await visit.ports.rules.sheet(rule)
    return show(
        visit,
        "rule.html",
        status=422 if refusal else 200,
        sheet=sheet,
        row=_row(sheet.card, visit),
        said=sheet.words[visit.words.language],
        closings=_closings(sheet.card, visit),
        versions=tuple(reversed(sheet.versions)),
        modes=[mode for mode in RuleMode if mode is not sheet.card.mode],
        days=DAYS,
        usual=USUAL,
        changes=visit.who.role in ADMINISTRATORS and not visit.who.scope,
        tries=not visit.who.scope,
        text=text or sheet.text,
        why=why,
        message=_message(visit, refusal),
        faults=faults_of(visit, refusal),
    )


async def _list(
    request: Request,
    find: str = "",
    mode: str = "",
    *,
    refusal: HubError | None = None,
    text: str = "",
    why: str = "",
) -> Response:
    visit = await visit_of(request)
    cards = await visit.ports.rules.cards()
    rows = [_row(card, visit) for card in sorted(cards, key=lambda card: -card.version)]
    found = [row for row in rows if mode in {"", row.mode} and _is_meant(row, find)]
    return show(
        visit,
        "rules.html",
        status=422 if refusal else 200,
        rows=found,
        count=len(cards),
        find=find,
        mode=mode,
        modes=tuple(RuleMode),
        changes=visit.who.role in ADMINISTRATORS and not visit.who.scope,
        text=text,
        why=why,
        message=_message(visit, refusal),
        faults=faults_of(visit, refusal),
    )


def _is_meant(row: RuleRow, find: str) -> bool:
    said = f"{row.id} {row.name} {row.kinds}".lower()
    return all(word in said for word in find.lower().split())


def _row(card: RuleCard, visit: Visit) -> RuleRow:
    words, closed = visit.words, sum(card.closings.values())
    share = card.false_alarm_share
    every = len(card.kinds) > len(RuleMode)
    kinds = [words.name("kind", kind) for kind in card.kinds]
    return RuleRow(
        id=card.id,
        name=words.of(card.name),
        kinds=words("rule.every_kind") if every else words("punct.comma").join(kinds),
        severity=words.name("severity", card.severity),
        mode=card.mode,
        source=words.name("rule_source", card.source),
        version=card.version,
        wrong=words("rule.wrong", share=f"{share:.0%}", n=closed) if share is not None else "–",
    )


def _closings(card: RuleCard, visit: Visit) -> list[tuple[str, int]]:
    found = sorted(card.closings.items(), key=lambda each: -each[1])
    return [(visit.words.name("code", code), count) for code, count in found]


def _message(visit: Visit, refusal: HubError | None) -> str:
    if refusal is None:
        return ""
    if isinstance(refusal, ConfigError):
        return visit.words("rule.unsound", n=len(refusal.problems))
    return visit.words.of(refusal.texts)


def faults_of(visit: Visit, refusal: HubError | None) -> list[tuple[str, str, str]]:
    """Return where, what and the next step of each fault in a text."""
    problems: Sequence[Problem] = refusal.problems if isinstance(refusal, ConfigError) else ()
    return [
        (f"{each.line}:{each.column}" if each.line else "", *say(visit.words, each))
        for each in problems
    ]


CALLS = (
    Call(
        method="GET",
        path="/rules",
        answer=list_page,
        roles=LEADERS,
        operation="showRules",
        about="The rules",
    ),
    Call(
        method="GET",
        path="/rules/{rule}",
        answer=rule_page,
        roles=LEADERS,
        operation="showRule",
        about="One rule with its text and versions",
    ),
    *forms(
        ADMINISTRATORS,
        ("/rules/new", write_new_by_form, "writeNewRuleByForm", "Takes new rules over, on trial"),
        ("/rules/{rule}/versions", write_by_form, "writeRuleByForm", "Makes a version of a rule"),
        ("/rules/{rule}/actions", switch_by_form, "switchRuleByForm", "Has a rule count otherwise"),
    ),
)
