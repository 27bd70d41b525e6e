"""Laws of the incidents as they stand: complete, and `updated_since` without a hole."""

from __future__ import annotations

from typing import Any

from hub.feeds.conformance.bench import OK, WHOLE, Bench
from hub.feeds.conformance.item_laws import hold
from hub.feeds.conformance.law import FEED, BrokenError, Law, UntriedError, demand
from hub.feeds.conformance.probe import PROBLEM
from hub.feeds.shape import Incident
from hub.model.instant import from_rfc3339

PAGE = f"{FEED}#as-they-stand"
Json = dict[str, Any]
NOT_FOUND = 404


async def list_all(
    bench: Bench, limit: int = WHOLE, *, updated_since: str = "", state: str = ""
) -> tuple[dict[str, Json], str]:
    """Return the incidents of a whole list, by number, and the `as_of` of its first page."""
    found: dict[str, Json] = {}
    as_of, after = "", ""
    query = {"updated_since": updated_since, "state": state}
    while True:
        told = await bench.probe.get("incidents", after=after, limit=limit, **query)
        demand(told.status == OK, f"incidents: {told}")
        as_of = as_of or told.data["as_of"]
        fresh = {each["number"]: each for each in told.data["items"]}
        demand(len(fresh) <= limit, f"limit={limit} gave {len(fresh)}")
        found |= fresh
        after = told.data["next"]
        if after is None:
            return found, as_of
        demand(after and fresh, "`next` of an empty page is not null")


async def shows_the_newest(bench: Bench) -> str:
    """Compare the list with the newest item of each incident."""
    newest = {item["subject"]: item["data"] for item in bench.some()}
    found, _ = await list_all(bench)
    for number, data in newest.items():
        shown = found.get(number)
        if shown is None:
            raise BrokenError(f"{number} is in the feed, and not in the list")
        demand(
            shown["revision"] >= data["revision"],
            f"{number}: the list has revision {shown['revision']}, the feed {data['revision']}",
        )
        is_same = shown == data or shown["revision"] > data["revision"]
        demand(is_same, f"{number}: list and feed differ at revision {data['revision']}")
        hold(shown, Incident, number)
    return f"{len(newest)} incidents as the feed has them"


async def pages_join(bench: Bench) -> str:
    """List in small pages what was listed in whole ones."""
    bench.some()
    whole, _ = await list_all(bench)
    if len(whole) > WHOLE:
        return f"{len(whole)} incidents in whole pages"
    small, _ = await list_all(bench, limit=max(1, len(whole) // 7))
    missing = sorted(set(whole) - set(small))
    demand(not missing, f"small pages lack {missing[:5]}")
    return f"{len(small)} incidents in small pages, too"


async def leaves_no_hole_in_time(bench: Bench) -> str:
    """Ask by `updated_since` for instants of incidents: whatever is as new has to come."""
    bench.some()
    everything, as_of = await list_all(bench)
    instants = [each["updated_at"] for each in everything.values()]
    for since in [*bench.chance.sample(instants, k=min(5, len(instants))), as_of]:
        found, _ = await list_all(bench, updated_since=since)
        due = {
            number
            for number, each in everything.items()
            if from_rfc3339(each["updated_at"]) >= from_rfc3339(since)
        }
        missing = sorted(due - set(found))
        demand(not missing, f"updated_since={since} leaves out {missing[:5]}")
    return f"`as_of` {as_of}, and {min(5, len(instants))} instants"


async def filters_by_state(bench: Bench) -> str:
    """Filter by each state that there is: all of these, and no others."""
    bench.some()
    everything, _ = await list_all(bench)
    for state in sorted({each["state"] for each in everything.values()}):
        found, _ = await list_all(bench, state=state)
        strange = [each["number"] for each in found.values() if each["state"] != state]
        due = {number for number, each in everything.items() if each["state"] == state}
        missing = sorted(due - set(found))
        if missing:
            found |= (await list_all(bench))[0]
            missing = [each for each in missing if found[each]["state"] == state]
        demand(not strange, f"state={state} shows {strange[:5]}")
        demand(not missing, f"state={state} leaves out {missing[:5]}")
    return "each state, and only that"


async def shows_one(bench: Bench) -> str:
    """Read one incident, and one that there is not."""
    data = bench.some()[-1]["data"]
    told = await bench.probe.get(f"incidents/{data['number']}")
    demand(told.status == OK, f"{data['number']}: {told}")
    demand(told.data["revision"] >= data["revision"], f"{data['number']}: older than the feed")
    told = await bench.probe.get("incidents/NO-20000101-0000")
    demand((told.status, told.type) == (NOT_FOUND, PROBLEM), f"one that is not there: {told}")
    if not bench.receiver:
        raise UntriedError("a key of an administrator has no case of its own")
    return f"with the case of {bench.receiver!r}"


LAWS: tuple[Law[Bench], ...] = (
    Law(
        id="list-newest",
        zh="案件列表与推送流最新一致",
        en="The list shows each incident as its newest item has it.",
        page=PAGE,
        check=shows_the_newest,
    ),
    Law(
        id="list-pages",
        zh="案件列表任意分页不缺",
        en="Pages of any size list the same incidents.",
        page=PAGE,
        check=pages_join,
    ),
    Law(
        id="list-since",
        zh="updated_since 不漏",
        en="`updated_since` leaves no hole.",
        page=PAGE,
        check=leaves_no_hole_in_time,
    ),
    Law(
        id="list-filter",
        zh="按状态筛选准确",
        en="The filter by state gives all of these, and no others.",
        page=PAGE,
        check=filters_by_state,
    ),
    Law(
        id="list-one",
        zh="可读单个案件，不存在答 404",
        en="One incident can be read; one that is not there is 404.",
        page=PAGE,
        check=shows_one,
    ),
)
