"""Which thing of the site a report is about: by its id, by an address in words, or by a point."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from hub.access.web_ports import WebPorts
from hub.errors import InvalidRequestError
from hub.feeds.open311.shape import RequestForm
from hub.model.access import Identity
from hub.model.place import Place
from hub.model.trouble import Trouble, troubles_of
from hub.model.whistle import Target

WGS84 = frozenset({"wgs84", "epsg4326"})
"""Labels of coordinates that Open311 can have; others are never converted in silence."""
REACH = 1000.0
"""Metres within which a point belongs to the nearest place."""
EARTH = 6_371_008.8
_SPACE = re.compile(r"[\s,，、;；.。·()（）-]+")


def find_target(ports: WebPorts, who: Identity, form: RequestForm, trouble: Trouble) -> Target:
    """Return what a report is about, or raise InvalidRequestError with the field and what to do.

    An address that is not understood is no obstacle where a point is given, too.
    """
    target = ports.whistle.find_subject(_subject(ports, who, form))
    if target is None or not who.may_see(target.place):
        raise _wrong(
            "address_id", f"there is no such place or device of yours: {form.address_id!r}"
        )
    if trouble in troubles_of(target.kind):
        return target
    if trouble.places and (place := ports.whistle.find_subject(target.place)):
        return place
    return _only_device(ports, target, trouble)


def is_wgs84(coordinates: Mapping[str, object]) -> bool:
    """Tell whether coordinates are labelled as WGS-84."""
    label = re.sub(r"[^a-z0-9]", "", str(coordinates.get("crs", "")).lower())
    return label in WGS84


def _subject(ports: WebPorts, who: Identity, form: RequestForm) -> str:
    places = {path: each for path, each in ports.live.places().items() if who.may_see(path)}
    if form.address_id:
        return form.address_id
    has_point = form.lat is not None and form.long is not None
    if form.address_string:
        found = named_places(form.address_string, places)
        if len(found) == 1:
            return found[0]
        if not has_point:
            raise _unclear(found, places)
    if not has_point:
        raise _wrong("location", "send address_id, address_string, or both lat and long")
    return _nearest(form.lat or 0.0, form.long or 0.0, places)


def named_places(text: str, places: Mapping[str, Place]) -> Sequence[str]:
    """Return the paths that an address may mean: those with the longest line of names in it."""
    squeezed = _SPACE.sub("", text)
    best, found = 0, list[str]()
    for path, place in places.items():
        if not (place.name and _names(place.name, squeezed)):
            continue
        line = {_SPACE.sub("", each.name) for each in _line(path, places) if each.name}
        score = sum(len(name) for name in line if _names(name, squeezed))
        if score > best:
            best, found = score, [path]
        elif score == best:
            found.append(path)
    return [path for path in found if not _has_below(path, found)]


def _names(name: str, text: str) -> bool:
    """Tell whether a name stands in the text; the 1 of 11 is another number."""
    plain = _SPACE.sub("", name)
    before = r"(?<!\d)" if plain[:1].isdigit() else ""
    behind = r"(?!\d)" if plain[-1:].isdigit() else ""
    return bool(plain) and re.search(f"{before}{re.escape(plain)}{behind}", text) is not None


def _has_below(path: str, paths: Sequence[str]) -> bool:
    return any(each.startswith(path + "/") for each in paths)


def _line(path: str, places: Mapping[str, Place]) -> Iterator[Place]:
    while path:
        if place := places.get(path):
            yield place
        path = path.rpartition("/")[0]


def _nearest(lat: float, long: float, places: Mapping[str, Place]) -> str:
    known = [
        (_metres(lat, long, float(each.attributes["lat"]), float(each.attributes["lon"])), path)
        for path, each in places.items()
        if {"lat", "lon"} <= each.attributes.keys() and is_wgs84(each.attributes)
    ]
    distance, path = min(known, default=(math.inf, ""))
    if distance <= REACH:
        return path
    raise _wrong(
        "lat, long",
        f"no place of the community with WGS-84 coordinates lies within {REACH:.0f} m;"
        " send address_id or address_string",
    )


def _metres(lat: float, long: float, other_lat: float, other_long: float) -> float:
    """Return the distance of two points, as on a sphere."""
    first, second = math.radians(lat), math.radians(other_lat)
    half_lat = math.sin((second - first) / 2) ** 2
    half_long = math.sin(math.radians(other_long - long) / 2) ** 2
    return (
        2
        * EARTH
        * math.asin(min(1.0, math.sqrt(half_lat + math.cos(first) * math.cos(second) * half_long)))
    )


def _only_device(ports: WebPorts, target: Target, trouble: Trouble) -> Target:
    """Return the one device at the place that the service can be about."""
    inner = [each.target for each in ports.whistle.labels_at(target.place)]
    fits = [each for each in inner if each.device and each.kind in trouble.kinds]
    if len(fits) == 1 and not target.device:
        return fits[0]
    kinds = ", ".join(trouble.kinds)
    which = ", ".join(each.device for each in fits[:8])
    hint = f"one of: {which}" if which and not target.device else f"devices are {kinds}"
    raise _wrong("address_id", f"{trouble.id} is about a device; name it ({hint})")


def _unclear(found: Sequence[str], places: Mapping[str, Place]) -> InvalidRequestError:
    if not found:
        return _wrong("address_string", "it names no place of the community; send address_id")
    named = ", ".join(f"{path} ({places[path].name})" for path in found[:8])
    return _wrong("address_string", f"it may be several places: {named}; send address_id")


def _wrong(field: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {why}.", problems={field: why})
