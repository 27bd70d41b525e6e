"""A device's points as rows for people: name, value with unit, age, and whether to believe it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hub.console.frame.language import Words
from hub.console.frame.naming import device_name
from hub.console.frame.span import ago
from hub.console.live.standing import is_stale
from hub.model.device import Device, Kind
from hub.model.kinds import find_core_point
from hub.model.report import Quality, Value
from hub.model.wording import write_word
from hub.ports import DeviceView, Live, PointView

METERS = frozenset({Kind.ELECTRICITY_METER, Kind.WATER_METER})
PRIVATE_SCOPE = "household"
DIGITS = 2


class PointRow(msgspec.Struct, frozen=True, kw_only=True):
    """One point; `doubt` is empty for a fresh good value, otherwise the word that says why not."""

    point: str
    name: str
    value: str
    age: str
    doubt: str
    numeric: bool


def is_household(device: Device) -> bool:
    """Tell whether a device's readings belong to a household and are not for screens."""
    return device.kind in METERS and device.attributes.get("scope") == PRIVATE_SCOPE


def point_rows(
    view: DeviceView, now: float, words: Words, first: Sequence[str] = ()
) -> list[PointRow]:
    """List a device's points, those named in `first` before the others."""
    names = [name for name in dict.fromkeys((*first, *view.points)) if name in view.points]
    private = is_household(view.device)
    return [
        _row(view.device, name, view.points[name], now, words)
        if not private
        else _withheld(view.device, name, view.points[name], now, words)
        for name in names
    ]


def point_name(kind: Kind, point: str, words: Words) -> str:
    """Return what people call a point; a model's own point keeps its dotted name."""
    spec = find_core_point(kind, point)
    return (words.of({"zh": spec.zh, "en": spec.en}) if spec else "") or point


def value_text(point: str, value: Value | None, unit: str, words: Words) -> str:
    """Write a point's value with its unit."""
    if value is None or value == "":
        return words("value.none")
    if isinstance(value, bool):
        return words("value.true" if value else "value.false")
    if isinstance(value, str):
        return write_word(point, value, words.language)
    number = f"{value:.{DIGITS}f}".rstrip("0").rstrip(".") if isinstance(value, float) else value
    return f"{number} {words.name('unit', unit)}".strip()


def subject_name(subject: str, live: Live) -> str:
    """Return the name of a device id or place path."""
    view = live.device(subject)
    if view is not None:
        return device_name(view.device)
    place = live.places().get(subject)
    return place.name if place else subject


def _row(device: Device, name: str, point: PointView, now: float, words: Words) -> PointRow:
    numeric = isinstance(point.value, int | float) and not isinstance(point.value, bool)
    return PointRow(
        point=name,
        name=point_name(device.kind, name, words),
        value=value_text(name, point.value, point.unit, words),
        age=ago(point.at, now, words),
        doubt=_doubt(point, now, words),
        numeric=numeric,
    )


def _withheld(device: Device, name: str, point: PointView, now: float, words: Words) -> PointRow:
    row = _row(device, name, point, now, words)
    return msgspec.structs.replace(row, value=words("device.withheld"), numeric=False)


def _doubt(point: PointView, now: float, words: Words) -> str:
    if point.quality is not Quality.GOOD:
        return words(f"quality.{point.quality}")
    return words("quality.stale") if is_stale(point, now) else ""
