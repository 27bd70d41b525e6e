"""Laws of pushes (`--hook`): the kit subscribes an address of its own, and looks at what comes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from urllib.parse import urlsplit

import msgspec

from hub.clock import SystemClock
from hub.feeds.conformance.bench import Bench, Item
from hub.feeds.conformance.ear import Ear, Push
from hub.feeds.conformance.law import FEED, Law, UntriedError, demand

PAGE = f"{FEED}#pushed-instead-of-pulled"
CREATED = 201
FEW = 5
"""Items that the subscription begins before the end of the feed."""
PATIENCE = 60.0
"""Seconds for all of them; the first is refused once, and due again after 5 s."""
FRESH = 300.0
CONTENT = "application/cloudevents+json"


class Overheard(msgspec.Struct, kw_only=True):
    """What a subscription of the kit's has brought: `due` are the items that had to come."""

    bench: Bench
    secret: str = ""
    subscription: str = ""
    why: str = "nothing was subscribed"
    due: list[Item] = []
    heard: list[Push] = []

    def taken(self) -> list[Push]:
        """Return what came, or raise UntriedError where nothing did."""
        if not self.heard:
            raise UntriedError(f"no push came: {self.why}")
        return self.heard


async def listen(bench: Bench) -> Overheard:
    """Subscribe behind the newest items but a few, hear them, and end the subscription."""
    found = Overheard(bench=bench)
    await bench.read_on()
    if len(bench.items) < 2:  # noqa: PLR2004 - one to begin behind, and one to come
        found.why = "the feed has too few items"
        return found
    await bench.walk(min(len(bench.items), FEW * 2))
    cursor, at = max(
        (mark for mark in bench.marks if mark[0] and mark[1] < len(bench.items)),
        key=lambda mark: mark[1],
    )
    found.due = bench.items[at:]
    url = urlsplit(bench.wish.hook)
    ear = Ear(SystemClock(), refuse=1)
    async with ear.open(url.port or 80):
        made = await bench.probe.post("subscriptions", {"url": bench.wish.hook, "after": cursor})
        if made.status != CREATED:
            found.why = f"the subscription was refused: {made}"
            return found
        found.secret, found.subscription = made.data["secret"], made.data["id"]
        try:
            await _until_all(ear, {item["id"] for item in found.due})
        except TimeoutError:
            found.why = await _why(bench, found.subscription)
        await bench.probe.post(f"subscriptions/{found.subscription}/end", {})
        found.heard = list(ear.heard)
    return found


async def brings_all(overheard: Overheard) -> str:
    """Look whether what lay behind the cursor has come."""
    taken = {push.headers.get("webhook-id") for push in overheard.taken() if push.status != 500}  # noqa: PLR2004
    missing = [item["id"] for item in overheard.due if item["id"] not in taken]
    demand(not missing, f"{missing[:5]} did not come within {PATIENCE:.0f} s: {overheard.why}")
    return f"{len(overheard.due)} items, {len(overheard.heard)} requests"


async def signs(overheard: Overheard) -> str:
    """Make the signature of each push anew; look at its time."""
    for push in overheard.taken():
        name, why = push.headers.get("webhook-id"), why_false(overheard.secret, push)
        demand(not why, f"{name}: {why}")
    return f"{len(overheard.heard)} signatures"


async def sends_the_item(overheard: Overheard) -> str:
    """Compare what is pushed with what can be pulled."""
    by_id = {item["id"]: item for item in overheard.bench.items}
    for push in overheard.taken():
        name = push.headers.get("webhook-id", "")
        kind = push.headers.get("content-type", "").partition(";")[0]
        demand(kind == CONTENT, f"{name}: content-type {kind!r}")
        item = msgspec.json.decode(push.body)
        demand(item["id"] == name, f"webhook-id {name!r} carries the item {item['id']!r}")
        demand(name not in by_id or by_id[name] == item, f"{name}: pushed and pulled differ")
    return "what is pushed is what can be pulled"


async def comes_again(overheard: Overheard) -> str:
    """Look whether the push that was answered 500 has come again, with the same id."""
    first = overheard.taken()[0].headers.get("webhook-id")
    again = [push for push in overheard.heard[1:] if push.headers.get("webhook-id") == first]
    demand(again, f"{first} was answered 500, and did not come again: {overheard.why}")
    return f"{first} came again after {again[0].at - overheard.heard[0].at:.1f} s"


async def keeps_the_order(overheard: Overheard) -> str:
    """Look whether the items of one incident came in order, as they were taken."""
    newest: dict[str, int] = {}
    for push in overheard.taken():
        if push.status == 500:  # noqa: PLR2004 - our own refusal
            continue
        data = msgspec.json.decode(push.body)["data"]
        before = newest.get(data["number"], 0)
        demand(
            data["revision"] >= before,
            f"{data['number']}: revision {data['revision']} came behind {before}",
        )
        newest[data["number"]] = data["revision"]
    return f"{len(newest)} incidents"


async def ends(overheard: Overheard) -> str:
    """Look whether the subscription is gone."""
    overheard.taken()
    told = await overheard.bench.probe.get("subscriptions")
    left = [each["id"] for each in told.data["items"]]
    demand(overheard.subscription not in left, f"{overheard.subscription} was ended, and is there")
    return f"{overheard.subscription} is gone"


def why_false(secret: str, push: Push) -> str:
    """Say why a push is not signed as Standard Webhooks has it; empty where it is."""
    head = push.headers
    number, stamp = head.get("webhook-id", ""), head.get("webhook-timestamp", "")
    if not (number and stamp.isascii() and stamp.isdecimal()):
        return "no webhook-id and webhook-timestamp"
    if abs(push.at - int(stamp[:12])) > FRESH:
        return f"its time is {push.at - int(stamp[:12]):.0f} s off"
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return f"the secret {secret[:8]}… is no base64 behind whsec_"
    digest = hmac.new(key, f"{number}.{stamp}.".encode() + push.body, hashlib.sha256).digest()
    due = f"v1,{base64.b64encode(digest).decode()}"
    given = head.get("webhook-signature", "").split(" ")
    return "" if due in given else f"its signature is {given}, due is {due}"


async def _until_all(ear: Ear, due: set[str]) -> None:
    async with asyncio.timeout(PATIENCE):
        while due - {push.headers.get("webhook-id", "") for push in ear.heard if push.status < 300}:  # noqa: PLR2004
            ear.news.clear()
            await ear.news.wait()


async def _why(bench: Bench, subscription: str) -> str:
    told = await bench.probe.get("subscriptions")
    cards = [each for each in told.data.get("items", []) if each["id"] == subscription]
    return str(cards[0]["why"] if cards else "it is not listed") or "it says nothing of it"


LAWS: tuple[Law[Overheard], ...] = (
    Law(
        id="push-all",
        zh="订阅从游标起不漏推送",
        en="A subscription brings all that lies behind its cursor.",
        page=PAGE,
        check=brings_all,
    ),
    Law(
        id="push-signed",
        zh="推送按 Standard Webhooks 签名",
        en="Pushes are signed by Standard Webhooks, with a fresh time.",
        page=PAGE,
        check=signs,
    ),
    Law(
        id="push-item",
        zh="推送内容与拉取一致",
        en="What is pushed is what can be pulled, under its own id.",
        page=PAGE,
        check=sends_the_item,
    ),
    Law(
        id="push-again",
        zh="未被接收的推送以同一编号重发",
        en="What is not taken comes again, with the same id.",
        page=PAGE,
        check=comes_again,
    ),
    Law(
        id="push-order",
        zh="同一案件按顺序推送",
        en="Items of one incident come in order.",
        page=PAGE,
        check=keeps_the_order,
    ),
    Law(
        id="push-end",
        zh="订阅可以结束",
        en="A subscription that is ended is gone.",
        page=PAGE,
        check=ends,
    ),
)
