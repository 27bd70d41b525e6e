"""Our facts about one incident, by the names that a profile's fields take them `from`.

They come from the feed's item alone; what concerns people is added by whoever has looked it up,
and only where the profile lists it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.model.case import Case
from hub.model.place import Place
from hub.model.profile import Code, CodeTable, Profile

PLAIN = (
    *("number", "revision", "state", "source", "subject", "fault", "severity", "urgency", "class"),
    *("closing_code", "place", "grid_code", "folded_into", "test", "era"),
)
"""Keys of an incident whose value goes as it is."""
INSTANTS = (
    *("opened_at", "take_by", "arrive_by", "finish_by", "closed_at", "updated_at"),
    "event.time",
)
CODES = (
    *("code.kind", "code.major", "code.minor", "code.name", "code.file_when", "code.limit_hours"),
    "code.close_when",
)
SOURCES = frozenset(
    (
        *PLAIN,
        *INSTANTS,
        *CODES,
        *("title.zh", "title.en", "place_names", "flags", "children", "action"),
        *("coordinates.lon", "coordinates.lat", "coordinates.crs"),
        *("case.number", "case.state", "community", "event.id", "event.type"),
    )
)
PERSONAL = frozenset({"reporter.name", "reporter.phone", "reporter.text", "photos"})
"""What concerns people: it leaves only where `[personal]` lists it."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item of the feed, opened: `word` is its type without what all types share."""

    id: str
    type: str
    time: str
    receiver: str = ""
    data: dict[str, Any]

    @property
    def word(self) -> str:
        """Return what happened, in a word of the feed such as `opened`."""
        return self.type.split(".")[-2]


def open_item(body: bytes) -> Item:
    """Read an item of the feed."""
    return msgspec.json.decode(body, type=Item)


def collect_facts(
    profile: Profile,
    item: Item,
    case: Case,
    *,
    community: str,
    places: Mapping[str, Place],
) -> dict[str, Any]:
    """Return all that the profile may take for its fields; what is not known is not in it."""
    data = item.data
    facts: dict[str, Any] = {name: data.get(name) for name in (*PLAIN, *INSTANTS[:-1])}
    facts |= {f"title.{language}": text for language, text in data["title"].items()}
    facts |= {
        "place_names": "/".join(data["place_names"]),
        "flags": ",".join(data["flags"]),
        "children": ",".join(data["children"]),
        "event.id": item.id,
        "event.type": item.word,
        "event.time": item.time,
        "community": community,
        "case.number": case.number,
        "case.state": case.state.value,
        "action": profile.actions.out.get(item.word),
    }
    facts |= _coordinates(profile, data.get("coordinates"))
    facts |= _code(profile.codes, data["fault"])
    if profile.grid.attribute:
        facts["grid_code"] = _attribute(places, data["place"], profile.grid.attribute)
    return {name: value for name, value in facts.items() if value not in {None, ""}}


def find_code(table: CodeTable, fault: str) -> Code | None:
    """Return the first row that is for a fault; one that ends in `*` is for all that begin so."""
    for row in table.rows:
        for pattern in row.faults:
            if fault == pattern or (pattern.endswith("*") and fault.startswith(pattern[:-1])):
                return row
    return None


def _code(table: CodeTable, fault: str) -> dict[str, Any]:
    row = find_code(table, fault)
    return {} if row is None else {name: getattr(row, name.partition(".")[2]) for name in CODES}


def _coordinates(profile: Profile, found: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return coordinates with their label, as they are, where they take this system.

    Nothing is converted: GCJ-02 is some hundred metres off, and WGS-84 as CGCS2000 a metre.
    """
    wanted = profile.coordinates
    crs = str((found or {}).get("crs", "")).lower().replace("-", "").replace("_", "")
    if not found or crs not in wanted.accepts:
        return {}
    digits = wanted.digits
    return {
        "coordinates.lon": round(float(found["lon"]), digits),
        "coordinates.lat": round(float(found["lat"]), digits),
        "coordinates.crs": wanted.names.get(crs, crs),
    }


def _attribute(places: Mapping[str, Place], path: str, name: str) -> str:
    """Return a column of places.csv, of the nearest place that has it."""
    while path:
        place = places.get(path)
        if place is not None and place.attributes.get(name):
            return str(place.attributes[name])
        path = path.rpartition("/")[0]
    return ""


def describe_reporters(names: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return what people who reported it have said: name, phone, words; the first that did."""
    columns = ("reporter.name", "reporter.phone", "reporter.text")
    return {
        column: next((row[at] for row in names if row[at]), "") for at, column in enumerate(columns)
    }
