"""A back-test as a page that fills while it runs; whoever closes it ends the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from markupsafe import escape

from hub.access.http import ports_of, whole_community
from hub.access.policy import forms
from hub.console.frame.language import Words
from hub.console.frame.page import ADMINISTRATORS, LEADERS, Visit, visit_of
from hub.console.frame.span import day_and_time, span
from hub.console.frame.template import paint
from hub.console.live.reading import subject_name
from hub.console.rules.rule_page import DAYS, REFUSALS, USUAL, edited_version, show_rule
from hub.console.rules.rule_strip import Lane, draw_strip
from hub.errors import ConfigError, InvalidRequestError, Problem
from hub.model.instant import from_rfc3339
from hub.model.rule_version import RuleMode
from hub.ports import BacktestWish, RuleSheet

CUT = "§"
"""Stands in the page where what is found comes in."""
RINGS = "would ring"
LISTED = 200
"""Alarms in the table; the picture has all that are kept."""
KEPT = 5000
DAY = 86_400.0
TOLERANCE = 0.05
"""Share of the asked days that history may lack before the page says so."""
Line = dict[str, Any]


class Found(msgspec.Struct, kw_only=True):
    """What a back-test has said so far; `count` goes on where alarms are kept no more.

    Asked was from `start` on, and history begins with `since`.
    """

    start: float = 0.0
    since: float = 0.0
    end: float = 0.0
    days: float = 0.0
    alarms: list[Line] = []
    count: int = 0
    result: Line | None = None

    def take(self, line: Line) -> None:
        """Take note of a line."""
        if line["kind"] == "begin":
            self.end, self.days = from_rfc3339(line["until"]), line["days"]
            self.start = self.end - self.days * DAY
        elif line["kind"] == "alarm":
            self.count += 1
            if len(self.alarms) < KEPT:
                self.alarms.append(line)
        elif line["kind"] == "end":
            self.result = line
            self.since = from_rfc3339(line["since"]) if line["since"] else self.end


async def try_by_form(request: Request, rule: str) -> Response:
    """Try a rule on history, as it is or with another text; the answer comes while it runs."""
    await whole_community(request)
    form, visit = await request.form(), await visit_of(request)
    text = str(form.get("text", ""))
    office, sheet = ports_of(request).rules, await ports_of(request).rules.sheet(rule)
    other = bool(text) and text.strip() != sheet.text.strip()
    try:
        days = edited_version(form.get("days", USUAL))
        if other:
            await _prove(request, rule, text)
        wish = BacktestWish(days=days if days in DAYS else USUAL, rule="" if other else rule)
        if other or sheet.card.mode is RuleMode.OFF:
            wish = msgspec.structs.replace(wish, rule="", text=text or sheet.text)
        lines = office.backtest(wish)
        first = await anext(lines)
    except REFUSALS as error:
        return await show_rule(request, rule, refusal=error, text=text)
    whole = _page(visit, sheet, text if other else "", wish)
    return StreamingResponse(_stream(visit, whole, first, lines), media_type="text/html")


async def _prove(request: Request, rule: str, text: str) -> None:
    """Have the text's examples run; ConfigError with every fault."""
    proof = await ports_of(request).rules.check(text)
    if proof.faults:
        raise ConfigError(
            *(
                Problem(file="text", line=f.line, column=f.column, message=f.message, hint=f.hint)
                for f in proof.faults
            )
        )
    if proof.rules != (rule,):
        raise InvalidRequestError(
            f"the text has to be of {rule} alone",
            problems={"text": f"not the rule {rule}"},
            zh=f"文本必须只包含规则 {rule}。",
        )


def _page(visit: Visit, sheet: RuleSheet, text: str, wish: BacktestWish) -> str:
    return paint(
        "rule_trial.html",
        visit.words,
        page=visit.page,
        theme="light",
        sheet=sheet,
        text=text,
        days=int(wish.days),
        saves=bool(text) and visit.who.role in ADMINISTRATORS,
        modes=(RuleMode.TRIAL, RuleMode.ACTIVE),
        cut=CUT,
    )


async def _stream(
    visit: Visit, whole: str, first: bytes, lines: AsyncIterator[bytes]
) -> AsyncIterator[str]:
    """Yield the page up to where results come, then how far it is, the results, and the rest."""
    head, _, rest = whole.partition(CUT)
    found = Found()
    yield head
    try:
        yield _tell(visit, found, first)
        async for line in lines:
            yield _tell(visit, found, line)
        yield _result(visit, found)
    except InvalidRequestError as error:
        said = visit.words("rule.trial_failed")
        yield f'<p class="message result" role="alert">{said} {escape(str(error))}</p>'
    finally:
        await lines.aclose()  # type: ignore[attr-defined] # a generator; its process ends here
    yield rest


def _tell(visit: Visit, found: Found, body: bytes) -> str:
    line: Line = msgspec.json.decode(body)
    found.take(line)
    if line["kind"] == "gap":
        return f'<p class="note">{escape(line["detail"])}</p>'
    if line["kind"] == "progress":
        said = visit.words("rule.pace", n=f"{line['reports']:,}", found=found.count)
        return f'<output class="pace">{said}</output>'
    return ""


def _result(visit: Visit, found: Found) -> str:
    if found.result is None:
        return f'<p class="message result" role="alert">{visit.words("rule.trial_failed")}</p>'
    words, difference = visit.words, found.result["difference"]
    lanes: list[Lane] = [(words("rule.tried"), [_span(each) for each in found.alarms])]
    before = [each for each in (difference or {}).get("before", ()) if each["told"] == RINGS]
    added = {(each["subject"], each["raised_at"]) for each in (difference or {}).get("added", ())}
    if difference:
        lanes.append((words("rule.in_force"), [_span(each) for each in before]))
    rows = [
        (
            day_and_time(from_rfc3339(each["raised_at"])),
            each["subject"],
            subject_name(each["subject"], visit.ports.live),
            words.of(each["reason"]),
            (each["subject"], each["raised_at"]) in added,
        )
        for each in found.alarms[:LISTED]
    ]
    return paint(
        "part_trial.html",
        words,
        found=found,
        rows=rows,
        lanes=lanes,
        difference=difference,
        strip=draw_strip(lanes, found.start, found.end, found.since),
        short=_shortage(words, found),
        bells=f"{found.result['bells_per_week']:.1f}",
    )


def _shortage(words: Words, found: Found) -> str:
    """Say how little history there is, where there is less than was asked for."""
    if found.since < found.start + found.days * DAY * TOLERANCE:
        return ""
    length = span(found.end - found.since, words)
    return words("rule.little", since=day_and_time(found.since), span=length)


def _span(alarm: Line) -> tuple[float, float | None]:
    cleared = alarm["cleared_at"]
    return from_rfc3339(alarm["raised_at"]), from_rfc3339(cleared) if cleared else None


CALLS = forms(
    LEADERS,
    ("/rules/{rule}/backtest", try_by_form, "tryRuleByForm", "Tries a rule on history"),
)
