"""The conformance kit: content with our hub, and with none of those that break a law."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest

from hub.feeds.conformance import bench, page_laws
from hub.feeds.conformance.bench import Wish
from hub.feeds.conformance.kit import check_feed, write_json, write_line
from hub.feeds.conformance.law import Finding, UnfitError, Verdict
from hub.feeds.incident import make_projector
from hub.model.access import Role
from hub.model.ticket import TicketState
from tests.unit.access.web_fakes import NOW, PLACES, TOKENS, World, make_world, ticket
from tests.unit.api.app_of_api import make_app

DAY = 86_400.0
Json = dict[str, Any]
Tamper = Callable[[httpx2.Request, Json], Any]
READ_LAWS, INCIDENTS = 30, 15


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for items for a moment only: what is tried here has none."""
    monkeypatch.setattr(page_laws, "WAIT", 0.2)
    monkeypatch.setattr(page_laws, "EARLY", 0.1)
    monkeypatch.setattr(bench, "SMALL_PAGES", 12)


def fill(world: World) -> None:
    """Two days of incidents, every third of which changes."""
    for turn, number in enumerate([*range(INCIDENTS), *range(0, INCIDENTS, 3)]):
        name = f"GS-20251125-{number:04}"
        state = TicketState.TAKEN if turn >= INCIDENTS else TicketState.DISPATCHED
        about = ticket(name, state=state, revision=1 + (turn >= INCIDENTS))
        world.books.ticket_by_number[name] = about
        kind = "taken" if turn >= INCIDENTS else "opened"
        entry = world.desk.tell(f"ticket.{kind}", name, place=about.place)
        at = NOW - DAY + turn if turn < 7 else NOW - 60 + turn
        row = make_projector("guanshan", lambda: PLACES, world.desk.cases.of)(
            msgspec.structs.replace(entry, at=at), about
        )
        assert row is not None
        world.books.rows.append(row)


class Broken(httpx2.AsyncBaseTransport):
    """The hub behind somebody who changes what it says, and drops what is asked."""

    def __init__(self, world: World, tamper: Tamper | None) -> None:
        self._whole = httpx2.ASGITransport(app=make_app(world))
        self._tamper = tamper

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._whole.handle_async_request(request)
        body = await answer.aread()
        kind = answer.headers.get("content-type", "")
        if self._tamper is None or "json" not in kind:
            return httpx2.Response(answer.status_code, headers={"content-type": kind}, content=body)
        told = json.loads(body)
        changed = self._tamper(request, told)
        status = answer.status_code
        if isinstance(changed, tuple):
            status, told = changed
            kind = "application/json"
        elif changed is not None:
            told = changed
        content = json.dumps(told, ensure_ascii=False).encode()
        return httpx2.Response(status, headers={"content-type": kind}, content=content)


async def check(
    tamper: Tamper | None = None, *, wish: Wish | None = None, token: str = TOKENS[Role.GRID]
) -> list[Finding]:
    world = make_world()
    fill(world)
    client = httpx2.AsyncClient(transport=Broken(world, tamper), base_url="http://hub")
    async with client:
        return await check_feed(client, token, wish or Wish(), lambda _: None)


def of(findings: list[Finding], verdict: Verdict) -> dict[str, str]:
    return {each.id: each.evidence for each in findings if each.verdict is verdict}


def path_of(request: httpx2.Request) -> str:
    return str(request.url.path).removeprefix("/grid/v1/")


def on(path: str, change: Callable[[httpx2.Request, Json], Any]) -> Tamper:
    """Change the good answers of one call."""

    def tamper(request: httpx2.Request, told: Json) -> Any:  # noqa: ANN401 - JSON
        is_it = path_of(request) == path and "title" not in told
        return change(request, told) if is_it else None

    return tamper


def query(request: httpx2.Request, name: str) -> str:
    return str(request.url.params.get(name, ""))


def gap(request: httpx2.Request, told: Json) -> None:
    """A page that is full has lost its last item, and goes on behind it."""
    if len(told["items"]) == int(query(request, "limit") or 200):
        told["items"] = told["items"][:-1]


def gap_at_one_size(request: httpx2.Request, told: Json) -> None:
    if query(request, "limit") == "5" and query(request, "after"):
        told["items"] = told["items"][1:]


def double(_request: httpx2.Request, told: Json) -> None:
    told["items"] += told["items"][-1:]


def unordered(_request: httpx2.Request, told: Json) -> None:
    told["items"][3:5] = reversed(told["items"][3:5])


def newest_first(_request: httpx2.Request, told: Json) -> None:
    told["items"].reverse()


def older_state_again(_request: httpx2.Request, told: Json) -> None:
    """The last item tells an incident as it was before."""
    if len(told["items"]) > INCIDENTS:
        first = next(each for each in told["items"] if each["subject"] == "GS-20251125-0000")
        told["items"][-1] = {
            **told["items"][-1],
            "subject": first["subject"],
            "data": first["data"],
        }


def no_next_at_the_end(_request: httpx2.Request, told: Json) -> None:
    if not told["items"]:
        told["next"] = ""


def over_the_limit(request: httpx2.Request, told: Json) -> None:
    if query(request, "limit") == "1" and told["items"]:
        told["items"] *= 2


def without_offset(_request: httpx2.Request, told: Json) -> None:
    for item in told["items"]:
        item["time"] = item["time"][:-6]


def utc(_request: httpx2.Request, told: Json) -> None:
    for item in told["items"]:
        item["time"] = item["time"][:-6] + "Z"


def old_specversion(_request: httpx2.Request, told: Json) -> None:
    for item in told["items"]:
        item["specversion"] = "0.3"


def own_type(_request: httpx2.Request, told: Json) -> None:
    for item in told["items"][:1]:
        item["type"] = "cn.lingdang.incident.exploded.v1"


def a_name_in_it(_request: httpx2.Request, told: Json) -> None:
    for item in told["items"][:1]:
        item["data"]["reporter"] = "王伟"


def no_test_mark(_request: httpx2.Request, told: Json) -> None:
    for item in told["items"]:
        del item["data"]["test"]


class Changing:
    """Items change after they were told."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _request: httpx2.Request, told: Json) -> None:
        self.asked += 1
        for item in told["items"][:1]:
            item["data"]["fault"] = f"fault-{self.asked}"


class Forgetful:
    """A cursor counts once; behind it the next asking goes on where the last one ended."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, request: httpx2.Request, told: Json) -> None:
        asked = f"{query(request, 'after')}/{query(request, 'limit')}"
        if query(request, "after") and asked in self.seen:
            told["items"] = told["items"][1:]
        self.seen.add(asked)


def list_lacks_one(_request: httpx2.Request, told: Json) -> None:
    told["items"] = [each for each in told["items"] if not each["number"].endswith("07")]


def list_is_stale(_request: httpx2.Request, told: Json) -> None:
    for each in told["items"]:
        each["revision"] = 1


def hole_in_time(request: httpx2.Request, told: Json) -> None:
    """Strictly newer, where it should be as new or newer."""
    if since := query(request, "updated_since"):
        told["items"] = [each for each in told["items"] if each["updated_at"] > since]


def every_state(request: httpx2.Request, told: Json) -> None:
    if query(request, "state"):
        told["items"][0]["state"] = "voided"


def wrong_digest(_request: httpx2.Request, told: Json) -> None:
    told["digest"] = "0" * 64


def wrong_count(_request: httpx2.Request, told: Json) -> None:
    told["items"] += 1


def a_line_less(_request: httpx2.Request, told: Json) -> None:
    told["lines"] = told["lines"][1:]


def leaks(_request: httpx2.Request, told: Json) -> None:
    told["secret"] = "whsec_leaked"


def open_to_all(request: httpx2.Request, told: Json) -> Any:  # noqa: ANN401 - JSON
    return (200, {"items": [], "next": "x"}) if told.get("status") == 401 else None


def takes_any_cursor(request: httpx2.Request, told: Json) -> Any:  # noqa: ANN401 - JSON
    is_refusal = told.get("status") in {410, 422} and query(request, "after")
    return (200, {"items": [], "next": query(request, "after")}) if is_refusal else None


def bare_refusals(_request: httpx2.Request, told: Json) -> Any:  # noqa: ANN401 - JSON
    return (told["status"], {"error": "no"}) if told.get("status") in range(400, 500) else None


def takes_anything(_request: httpx2.Request, told: Json) -> Any:  # noqa: ANN401 - JSON
    return (200, {"items": [], "next": "x"}) if told.get("status") == 422 else None


def takes_what_was_given_up(request: httpx2.Request, told: Json) -> Any:  # noqa: ANN401 - JSON
    return (200, {"items": [], "next": "x"}) if told.get("restored") else None


def era_falls(_request: httpx2.Request, told: Json) -> None:
    for item in told["items"][:1]:
        item["data"]["era"] = "69248100"
        item["id"] = item["id"].replace("-", "-69248100-")


DEFECTS: dict[str, tuple[Tamper, str]] = {
    "a gap behind the cursor": (on("feed", gap), "feed-pages"),
    "a gap at one page size": (on("feed", gap_at_one_size), "cursor-resume"),
    "an item twice": (on("feed", double), "feed-once"),
    "two items the wrong way round": (on("feed", unordered), "feed-order"),
    "newest first": (on("feed", newest_first), "feed-order"),
    "an older state again": (on("feed", older_state_again), "item-newer"),
    "no cursor at the end": (on("feed", no_next_at_the_end), "cursor-next"),
    "more than was asked for": (on("feed", over_the_limit), "feed-limit"),
    "times without a zone": (on("feed", without_offset), "item-cloudevent"),
    "times in UTC": (on("feed", utc), "item-cloudevent"),
    "an old CloudEvents": (on("feed", old_specversion), "item-cloudevent"),
    "a type of its own": (on("feed", own_type), "item-type"),
    "a name in the data": (on("feed", a_name_in_it), "item-schema"),
    "no mark of drills": (on("feed", no_test_mark), "item-schema"),
    "items that change": (on("feed", Changing()), "feed-immutable"),
    "a cursor that counts once": (on("feed", Forgetful()), "cursor-resume"),
    "a list that lacks one": (on("incidents", list_lacks_one), "list-newest"),
    "a list that is stale": (on("incidents", list_is_stale), "list-newest"),
    "a hole in updated_since": (on("incidents", hole_in_time), "list-since"),
    "a filter that lets through": (on("incidents", every_state), "list-filter"),
    "a wrong digest": (on("reconciliation", wrong_digest), "day-digest"),
    "a wrong count": (on("reconciliation", wrong_count), "day-digest"),
    "a line less": (on("reconciliation", a_line_less), "day-digest"),
    "a secret in the list": (on("subscriptions", leaks), "right-secret"),
    "no key needed": (open_to_all, "right-key"),
    "any cursor taken": (takes_any_cursor, "cursor-mangled"),
    "gone without a word": (takes_any_cursor, "cursor-gone"),
    "given up without a word": (takes_what_was_given_up, "cursor-era"),
    "an era that is over again": (on("feed", era_falls), "item-era"),
    "refusals without a reason": (bare_refusals, "right-problem"),
    "limits that are none": (takes_anything, "feed-limit"),
}


async def test_our_own_hub_keeps_every_law_that_can_be_read() -> None:
    findings = await check()
    assert of(findings, Verdict.BROKEN) == {}
    assert len(of(findings, Verdict.HOLDS)) == READ_LAWS
    untried = of(findings, Verdict.UNTRIED)
    assert {name.partition("-")[0] for name in untried} == {"push", "write"}
    assert len({each.id for each in findings}) == len(findings)
    shown = json.loads(write_json("http://hub", findings))
    assert (shown["broken"], shown["holds"]) == (0, READ_LAWS)
    assert {law["page"].partition("#")[0] for law in shown["laws"]} == {
        "docs/grid.md",
        "docs/grid-feed.md",
    }


@pytest.mark.parametrize("name", DEFECTS)
async def test_each_defect_is_found_by_its_law_with_evidence(name: str) -> None:
    tamper, law = DEFECTS[name]
    broken = of(await check(tamper), Verdict.BROKEN)
    assert law in broken, f"found only {sorted(broken)}"
    assert len(broken[law]) > 10


async def test_an_answer_that_comes_too_early_breaks_the_wait() -> None:
    world = make_world()
    fill(world)

    class Hasty(Broken):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if query(request, "wait"):
                url = request.url.copy_remove_param("wait")
                request = httpx2.Request("GET", url, headers=request.headers)
            return await super().handle_async_request(request)

    async with httpx2.AsyncClient(transport=Hasty(world, None), base_url="http://hub") as client:
        findings = await check_feed(client, TOKENS[Role.GRID], Wish(), lambda _: None)
    assert "came back empty after" in of(findings, Verdict.BROKEN)["feed-wait"]


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("ld_nobody", "not known"),
        (TOKENS[Role.GUARD], "another role"),
    ],
)
async def test_a_key_without_the_right_is_named_before_anything_is_looked_at(
    token: str, says: str
) -> None:
    with pytest.raises(UnfitError, match=says):
        await check(token=token)


async def test_an_address_where_there_is_no_feed_is_named() -> None:
    def page(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text="<html>a shop</html>")

    def moved(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(301, headers={"location": "https://elsewhere"})

    def nobody(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    for answer, says in ((page, "no feed"), (moved, "elsewhere"), (nobody, "nobody answers")):
        transport = httpx2.MockTransport(answer)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            with pytest.raises(UnfitError, match=says):
                await check_feed(client, "ld_x", Wish(), lambda _: None)


def test_a_finding_is_a_line_and_what_is_broken_names_its_page() -> None:
    finding = Finding(
        id="feed-order", verdict=Verdict.BROKEN, zh="顺序", en="In order.", evidence="7 3", page="p"
    )
    assert write_line(finding).splitlines()[0].split() == [
        "BROKEN",
        "feed-order",
        "顺序",
        "In",
        "order.",
    ]
    assert [line.strip() for line in write_line(finding).splitlines()[1:]] == ["7 3", "p"]
    good = msgspec.structs.replace(finding, verdict=Verdict.HOLDS)
    assert write_line(good).endswith("[7 3]")
