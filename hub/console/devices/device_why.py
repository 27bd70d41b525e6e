"""Why there is an alarm on a device, or none: one sentence, the gates in order, and every rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.console.frame.language import Words
from hub.console.frame.span import day_and_time
from hub.console.frame.template import paint
from hub.model.instant import from_rfc3339

QUIET, RAISED = "quiet", "raised"


class WhyLine(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to "why is there (no) alarm?"; `kind` is its word on the wire, `since` is text."""

    title: str
    answer: str
    kind: str
    reason: str
    since: str
    rule: str
    is_gate: bool


def paint_why(answers: Iterable[Mapping[str, Any]], words: Words, *, leads: bool) -> str:
    """Paint what `Live.why` answers; leaders are led to the rules."""
    lines = [_read(each, words) for each in answers]
    gates = [each for each in lines if each.is_gate]
    rules = [each for each in lines if not each.is_gate]
    return paint(
        "part_why.html",
        words,
        gates=gates,
        loud=[each for each in rules if each.kind != QUIET],
        quiet=[each for each in rules if each.kind == QUIET],
        said=_conclude(rules, gates, words),
        leads=leads,
    )


def _read(each: Mapping[str, Any], words: Words) -> WhyLine:
    since = from_rfc3339(each["since"]) if each["since"] else None
    return WhyLine(
        title=words.of(each["name"]) if each["name"] else each["rule"] or each["gate"],
        answer=words.name("answer", each["answer"]),
        kind=each["answer"],
        reason=words.of(each["reason"]),
        since=day_and_time(since) if since is not None else "",
        rule=each["rule"],
        is_gate=bool(each["gate"]),
    )


def _conclude(rules: Sequence[WhyLine], gates: Sequence[WhyLine], words: Words) -> str:
    """Say in one sentence why there is an alarm, or none."""
    raised = [each.title for each in rules if each.kind == RAISED]
    stopped = [each for each in gates if each.kind in {"closed", "held"}]
    if raised:
        return words("why.raised", n=len(raised), names=words("punct.comma").join(raised))
    if stopped:
        return words("why.stopped", gate=stopped[0].title, reason=stopped[0].reason)
    if holding := [each for each in rules if each.kind == "holding"]:
        return words("why.holding", name=holding[0].title)
    if unknown := [each for each in rules if each.kind == "unknown"]:
        return words("why.unknown", n=len(unknown))
    return words("why.quiet", n=len(rules))
