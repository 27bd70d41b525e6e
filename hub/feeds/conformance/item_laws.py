"""Laws of the items: CloudEvents, by the published schema, never older than what was told."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from hub.feeds.conformance.bench import Bench, era_of, number_of
from hub.feeds.conformance.law import FEED, BrokenError, Law, demand
from hub.feeds.incident import TYPES
from hub.feeds.shape import FeedItem
from hub.model.instant import from_rfc3339

PAGE = f"{FEED}#the-items"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
COMMUNITY_TIME = "+08:00"


async def are_cloud_events(bench: Bench) -> str:
    """Look at the attributes that CloudEvents 1.0 wants, and at those of the contract."""
    sources = set()
    communities = set()
    for item in bench.some():
        name = item["id"]
        demand(item["specversion"] == "1.0", f"{name}: specversion {item['specversion']!r}")
        demand(item["source"], f"{name}: no source")
        demand(number_of(item) > 0, f"{name}: its id is not COMMUNITY-NUMBER")
        demand(item["subject"] == item["data"]["number"], f"{name}: subject {item['subject']!r}")
        demand(
            MOMENT.fullmatch(item["time"]) and item["time"].endswith(COMMUNITY_TIME),
            f"{name}: time {item['time']!r} is no RFC 3339 at +08:00",
        )
        sources.add(item["source"])
        era = era_of(item)
        communities.add(name.rpartition("-")[0].removesuffix(f"-{era}" if era else ""))
    demand(len(communities) == 1, f"ids of several communities: {sorted(communities)}")
    return f"{len(bench.items)} CloudEvents of {', '.join(sorted(sources))}"


async def have_known_types(bench: Bench) -> str:
    """Look whether each type is one of the contract."""
    found = {item["type"] for item in bench.some()}
    strange = sorted(found - set(TYPES))
    demand(not strange, f"types that the contract does not have: {strange}")
    return f"{len(found)} of {len(TYPES)} types"


async def are_as_the_schema_says(bench: Bench) -> str:
    """Hold each item against the published schema: fields, choices, instants."""
    for item in bench.some():
        hold(item, FeedItem, item["id"])
    return f"{len(bench.items)} items are valid"


async def never_go_back(bench: Bench) -> str:
    """Look whether an incident's revision only grows along the feed."""
    newest: dict[str, int] = {}
    for item in bench.some():
        incident, revision = item["subject"], item["data"]["revision"]
        before = newest.get(incident, 0)
        demand(
            revision > before,
            f"{item['id']}: {incident} has revision {revision}, and had {before} before",
        )
        newest[incident] = revision
    return f"{len(newest)} incidents, revisions growing"


async def tell_their_era(bench: Bench) -> str:
    """Look whether eras only rise along the feed, and stand in the ids of their items."""
    newest, names = "", set()
    for item in bench.some():
        era, name = era_of(item), item["id"]
        demand(era >= newest, f"{name}: era {era!r} behind {newest!r}")
        demand(not era or f"-{era}-" in name, f"{name}: its era {era!r} is not in its id")
        newest = era
        names.add(era)
    return f"{len(names)} eras" if newest else "never restored"


async def mark_drills(bench: Bench) -> str:
    """Look whether `test` of an incident stays what it was."""
    marks: dict[str, bool] = {}
    for item in bench.some():
        known = marks.setdefault(item["subject"], item["data"]["test"])
        demand(item["data"]["test"] is known, f"{item['id']}: `test` has changed")
    return f"{sum(marks.values())} drills, {len(marks) - sum(marks.values())} real incidents"


def hold(thing: Any, schema: type, name: str) -> None:  # noqa: ANN401 - JSON
    """Raise BrokenError where a thing is not as a schema says; instants are looked at, too."""
    try:
        msgspec.convert(thing, schema)
    except msgspec.ValidationError as error:
        raise BrokenError(f"{name}: {error}") from error
    for path, text in _instants(thing, ""):
        is_moment = MOMENT.fullmatch(text)
        try:
            from_rfc3339(text)
        except ValueError:
            is_moment = None
        demand(is_moment, f"{name}: {path} is {text!r}, no RFC 3339 with an offset")


def _instants(thing: Any, path: str) -> list[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Return what is called like an instant, with where it stands."""
    if isinstance(thing, list):
        return [found for each in thing for found in _instants(each, path)]
    if not isinstance(thing, dict):
        return []
    own = [
        (f"{path}{name}", text)
        for name, text in thing.items()
        if (name.endswith(("_at", "_by")) or name == "time") and isinstance(text, str)
    ]
    return own + [
        found for name, each in thing.items() for found in _instants(each, f"{path}{name}.")
    ]


LAWS: tuple[Law[Bench], ...] = (
    Law(
        id="item-cloudevent",
        zh="条目为 CloudEvents 1.0，时间为东八区",
        en="Items are CloudEvents 1.0 with an id of the community, and times at UTC+8.",
        page=PAGE,
        check=are_cloud_events,
    ),
    Law(
        id="item-type",
        zh="条目类型在约定之内",
        en="Types are those of the contract.",
        page=PAGE,
        check=have_known_types,
    ),
    Law(
        id="item-schema",
        zh="条目符合公布的 JSON Schema",
        en="Items are valid by the published schema.",
        page=PAGE,
        check=are_as_the_schema_says,
    ),
    Law(
        id="item-newer",
        zh="同一案件的版次只增不减",
        en="An incident's revision only grows: no older state is told again.",
        page=PAGE,
        check=never_go_back,
    ),
    Law(
        id="item-era",
        zh="恢复之后，条目编号和案件带新的纪元",
        en="After a restore ids and incidents have the era that it began, and eras only rise.",
        page=PAGE,
        check=tell_their_era,
    ),
    Law(
        id="item-test",
        zh="演练标记不变",
        en="A drill stays a drill, and a real incident real.",
        page=PAGE,
        check=mark_drills,
    ),
)
