"""Laws of the day's account: made anew from the feed's items, it is the same."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from hub.feeds.conformance.bench import OK, Bench, Item, number_of
from hub.feeds.conformance.item_laws import hold
from hub.feeds.conformance.law import FEED, Law, UntriedError, demand
from hub.feeds.conformance.probe import Json
from hub.feeds.shape import DayAccount

PAGE = f"{FEED}#whether-both-sides-have-the-same"
DAYS = 3
OPENED = ".opened.v1"


async def has_the_same_digest(bench: Bench) -> str:
    """Make the account of the newest days from the items, by the page's recipe, and compare."""
    await bench.read_on()
    days = sorted({item["time"][:10] for item in bench.some()})[-DAYS:]
    compared = 0
    for day in days:
        told = await bench.probe.get("reconciliation", day=day, lines="true")
        demand(told.status == OK, f"{day}: {told}")
        hold(told.data, DayAccount, day)
        await bench.read_on()
        if told.data["complete"]:
            _compare(bench, day, told.data)
            compared += 1
    if not compared:
        raise UntriedError("no day of which all items are kept")
    return f"{compared} days, the newest {days[-1]}"


async def refuses_what_is_no_day(bench: Bench) -> str:
    """Ask for days that are in no calendar."""
    for day in ("2026-02-30", "yesterday", "2026-1-1"):
        told = await bench.probe.get("reconciliation", day=day)
        demand(told.is_refused, f"day={day} is taken: {told}")
    return "refused"


def _compare(bench: Bench, day: str, account: Json) -> None:
    end = number_of({"id": account["last"]}) if account["last"] else 0
    items = [
        item for item in bench.items if item["time"].startswith(day) and number_of(item) <= end
    ]
    ours = lines_of(items, bench.receiver)
    theirs = account["lines"]
    differ = sorted({line.partition("\t")[0] for line in set(ours) ^ set(theirs)})
    demand(not differ, f"{day}: the lines of {differ[:5]} differ from the feed's items")
    digest = hashlib.sha256("".join(f"{line}\n" for line in ours).encode()).hexdigest()
    demand(digest == account["digest"], f"{day}: the digest is not that of its lines")
    due = {
        "items": len(items),
        "incidents": len(ours),
        "opened": sum(item["type"].endswith(OPENED) for item in items),
        "states": dict(Counter(line.split("\t")[2] for line in ours)),
        "cases": dict(Counter(line.split("\t")[4] for line in ours)),
    }
    for name, count in due.items():
        demand(account[name] == count, f"{day}: {name} is {account[name]}, by the feed {count}")


def lines_of(items: Sequence[Item], receiver: str) -> list[str]:
    """Return the lines of a day, by the recipe of the contract's page."""
    counts = Counter(item["subject"] for item in items)
    lines = []
    for number, data in {item["subject"]: item["data"] for item in items}.items():
        own = [case for case in data["cases"] if case["receiver"] == receiver]
        case = own[0] if own else {"number": "", "state": "reported"}
        fields = (number, data["revision"], data["state"], case["number"], case["state"])
        lines.append("\t".join(map(str, (*fields, counts[number]))))
    return sorted(lines, key=str.encode)


LAWS: tuple[Law[Bench], ...] = (
    Law(
        id="day-digest",
        zh="对账摘要可由条目重算",
        en="A day's counts and digest are those of the feed's items.",
        page=PAGE,
        check=has_the_same_digest,
    ),
    Law(
        id="day-wrong",
        zh="不存在的日期须拒绝",
        en="What is no day is refused.",
        page=PAGE,
        check=refuses_what_is_no_day,
    ),
)
