"""Calls about rules: which count, their versions, and how they would have done on last week."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from hub.access.body import read_struct
from hub.access.http import ports_of, whole_community
from hub.access.idempotency import once
from hub.access.policy import Call
from hub.api import shape_of_rules as shape
from hub.api.paging import json_response, page
from hub.api.request import read_edited_version
from hub.api.rights import ADMINISTRATORS, LEADERS
from hub.api.shape import Page
from hub.errors import InvalidRequestError
from hub.model.instant import to_rfc3339
from hub.model.rule_version import RuleMode
from hub.ports import BacktestWish, RuleSheet

NDJSON = "application/x-ndjson"
TOML = "application/toml"
LONGEST_TEST = 366.0
"""Days."""


class RuleText(msgspec.Struct, frozen=True, kw_only=True):
    """A rule file's text."""

    text: str


class RuleWish(msgspec.Struct, frozen=True, kw_only=True):
    """Rules to count from now on; in trial, where nothing else is said."""

    text: str
    why: str
    mode: RuleMode = RuleMode.TRIAL


class RuleAction(msgspec.Struct, frozen=True, kw_only=True):
    """Another `mode` for a rule, or the older version that it goes `back_to` (0: as shipped)."""

    why: str
    mode: RuleMode | None = None
    back_to: int | None = None


async def list_rules(request: Request) -> Response:
    """List every rule, with the share of its tickets that were no fault."""
    return page(await ports_of(request).rules.cards(), None)


async def get_rule(request: Request, rule: str) -> Response:
    """Return one rule with its text and versions; the ETag is the number of its version."""
    sheet = await ports_of(request).rules.sheet(rule)
    return json_response(_flat(sheet), etag=f'"{sheet.card.version}"')


async def check_rules(request: Request) -> Response:
    """Say what is wrong with a text, by line and column; nothing is changed."""
    wish = read_struct(await request.body(), RuleText)
    return json_response(await ports_of(request).rules.check(wish.text))


async def import_rules(request: Request) -> Response:
    """Take every rule of a text over, as new versions; all of them or none."""
    wish = read_struct(await request.body(), RuleWish)
    who = await whole_community(request)

    async def act() -> Response:
        cards = await ports_of(request).rules.write(wish.text, wish.mode, wish.why, who)
        return json_response({"items": cards, "next": None}, 201)

    return await once(request, who, act)


async def export_rules(request: Request) -> Response:
    """Return the rules that were written here as one file, which `import` takes."""
    text = await ports_of(request).rules.export()
    return Response(text, media_type=TOML)


async def write_rule(request: Request, rule: str) -> Response:
    """Make a new version of one rule; `If-Match` names the version that was edited."""
    wish = read_struct(await request.body(), RuleWish)
    who, on = await whole_community(request), read_edited_version(request)

    async def act() -> Response:
        office = ports_of(request).rules
        cards = await office.write(wish.text, wish.mode, wish.why, who, rule=rule, on=on)
        return json_response(cards[0], 201, etag=f'"{cards[0].version}"')

    return await once(request, who, act)


async def change_rule(request: Request, rule: str) -> Response:
    """Activate a rule, put it on trial, switch it off, or go back to an older version."""
    wish = read_struct(await request.body(), RuleAction)
    who, on, office = (
        await whole_community(request),
        read_edited_version(request),
        ports_of(request).rules,
    )
    if (wish.mode is None) == (wish.back_to is None):
        raise InvalidRequestError(
            "Name one of `mode` and `back_to`.", problems={"mode": "one of mode and back_to"}
        )

    async def act() -> Response:
        if wish.mode is not None:
            card = await office.switch(rule, wish.mode, wish.why, who, on=on)
        else:
            card = await office.go_back(rule, wish.back_to or 0, wish.why, who, on=on)
        return json_response(card, etag=f'"{card.version}"')

    return await once(request, who, act)


async def backtest_rules(request: Request) -> Response:
    """Run rules over stored history; a line of JSON for each alarm, and for progress."""
    await whole_community(request)
    wish = read_struct(await request.body(), BacktestWish)
    if not 0 < wish.days <= LONGEST_TEST:
        said = f"more than 0, at most {LONGEST_TEST:g}"
        raise InvalidRequestError(f"days: {said}.", problems={"days": said})
    lines = ports_of(request).rules.backtest(wish)
    first = await anext(lines)

    async def stream() -> AsyncIterator[bytes]:
        try:
            yield first
            async for line in lines:
                yield line
        except InvalidRequestError as error:
            yield msgspec.json.encode({"kind": "error", "detail": str(error)}) + b"\n"
        finally:
            await lines.aclose()  # type: ignore[attr-defined] # a generator; its process ends here

    return StreamingResponse(stream(), media_type=NDJSON)


def _flat(sheet: RuleSheet) -> dict[str, object]:
    card: dict[str, object] = msgspec.to_builtins(sheet.card)
    versions = [{**msgspec.to_builtins(each), "at": to_rfc3339(each.at)} for each in sheet.versions]
    return {**card, "text": sheet.text, "versions": versions}


CALLS = (
    Call(
        method="GET",
        path="/rules",
        answer=list_rules,
        roles=LEADERS,
        operation="listRules",
        about="The rules, how they count, and how often they were wrong",
        shows=Page[shape.Rule],
    ),
    Call(
        method="POST",
        path="/rules",
        answer=import_rules,
        roles=ADMINISTRATORS,
        operation="importRules",
        about="Take rules over from a text; in trial, where nothing else is said",
        body=RuleWish,
        shows=Page[shape.Rule],
        statuses=(201,),
    ),
    Call(
        method="GET",
        path="/rules/export",
        answer=export_rules,
        roles=LEADERS,
        operation="exportRules",
        about="The rules that were written here, as a rule file",
        shows=str,
        media=TOML,
    ),
    Call(
        method="POST",
        path="/rules/check",
        answer=check_rules,
        roles=LEADERS,
        operation="checkRules",
        about="What is wrong with a text",
        body=RuleText,
        shows=shape.RuleProof,
    ),
    Call(
        method="POST",
        path="/rules/backtest",
        answer=backtest_rules,
        roles=LEADERS,
        operation="backtestRules",
        about="Rules tried on history; JSON lines while it runs",
        body=BacktestWish,
        shows=str,
        media=NDJSON,
        problems=(409,),
    ),
    Call(
        method="GET",
        path="/rules/{rule}",
        answer=get_rule,
        roles=LEADERS,
        operation="getRule",
        about="A rule with its text and versions",
        shows=shape.RuleWithText,
    ),
    Call(
        method="POST",
        path="/rules/{rule}/versions",
        answer=write_rule,
        roles=ADMINISTRATORS,
        operation="writeRule",
        about="A new version of a rule",
        body=RuleWish,
        shows=shape.Rule,
        statuses=(201,),
    ),
    Call(
        method="POST",
        path="/rules/{rule}/actions",
        answer=change_rule,
        roles=ADMINISTRATORS,
        operation="changeRule",
        about="Another mode for a rule, or an older version",
        body=RuleAction,
        shows=shape.Rule,
    ),
)
