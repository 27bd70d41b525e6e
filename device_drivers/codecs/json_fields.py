"""JSON by table: the fields of a message that a model knows, as samples and events.

A path is the names on the way to a value, with dots: `ENERGY.Power`, `switch:0.apower`; places in a
list count from 0: `ENERGY.Voltage.2`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from device_drivers.contract import PointTable
from device_drivers.payload import MAX_DEPTH, check_data
from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, Field, PointType
from hub.model.report import Quality, Sample, Value

MOST_VALUES = 1000
"""Values that one message may hold."""
DIGITS = 6
_WORDS = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}
Flat = Mapping[str, object]


class FieldTable:
    """What of a message is whose point or event, for one model."""

    def __init__(self, model: DeviceModel) -> None:
        self._fields = model.fields
        self._types = {name: spec.type for name, spec in model.points.items()}
        self._points = PointTable(model)

    def samples(self, flat: Flat) -> tuple[Sample, ...]:
        """Return the samples of the paths that are there; what cannot be is bad."""
        found = {
            field.point: self._sample(field, flat[field.path])
            for field in self._fields
            if field.point and field.path in flat
        }
        return tuple(found.values())

    def events(self, flat: Flat) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (event, data) for each path that tells of one."""
        for field in self._fields:
            said = flat.get(field.path) if field.event else None
            if said in {None, "", False}:
                continue
            if not field.decode or _word(said) in field.decode:
                data = {"said": said}
                check_data(data)
                yield field.event, data

    def _sample(self, field: Field, said: object) -> Sample:
        try:
            return self._points.judge(field.point, self._value(field, said))
        except (ProtocolError, ValueError, OverflowError):
            return Sample(field.point, None, Quality.BAD)

    def _value(self, field: Field, said: object) -> Value | None:
        if said is None:
            return None
        if field.decode:
            return field.decode.get(_word(said))
        kind = self._types[field.point]
        if kind is PointType.BOOL:
            return said if isinstance(said, bool) else _WORDS.get(_word(said).lower())
        if kind in {PointType.NUMBER, PointType.COUNTER}:
            return _number(said, field.scale)
        return _word(said)


def flatten(body: Mapping[Any, object], way: str = "", depth: int = 1) -> dict[str, object]:
    """Return path → value for everything that is no table and no list.

    Raises ProtocolError for what is nested too deeply, or has too many values.
    """
    if depth > MAX_DEPTH:
        raise ProtocolError(f"it is nested more than {MAX_DEPTH} deep")
    flat: dict[str, object] = {}
    for name, value in body.items():
        inner = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(inner, Mapping):
            flat |= flatten(inner, f"{way}{name}.", depth + 1)
        else:
            flat[f"{way}{name}"] = inner
        if len(flat) > MOST_VALUES:
            raise ProtocolError(f"it has more than {MOST_VALUES} values")
    return flat


def _number(said: object, scale: float) -> Value | None:
    """Return a number, also one that came as text; None for what is none, or not finite."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    number = float(said) if isinstance(said, str) else said
    if isinstance(number, float) and not math.isfinite(number):
        return None
    return number if scale == 1 else round(number * scale, DIGITS)


def _word(said: object) -> str:
    return str(said).lower() if isinstance(said, bool) else str(said)
