"""What every driver owes: a value is believed only if its point's description allows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Kind
from hub.model.kinds import CORE_EVENTS, CORE_POINTS
from hub.model.report import Quality, Sample, Value

MAX_INTEGER = 2**63 - 1
"""The largest integer that the store holds."""

HUB_MADE_POINTS = frozenset(CORE_POINTS[Kind.HUB])
HUB_MADE_EVENTS = frozenset(CORE_EVENTS[Kind.HUB])
"""What the hub alone says about a device; a device that says it is not believed."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def has_control_characters(text: str) -> bool:
    """Tell whether the text holds what would break a log line or a screen."""
    return _CONTROL.search(text) is not None


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest known word, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


class PointTable:
    """The points that a device of one model may send; `port.*.up` stands for `port.3.up`."""

    def __init__(self, model: DeviceModel) -> None:
        specs = {n: spec for n, spec in model.points.items() if n not in HUB_MADE_POINTS}
        self._model = model.id
        self._exact = {name: spec for name, spec in specs.items() if "*" not in name}
        self._patterns = [
            (re.compile(re.escape(name).replace(r"\*", "[a-z0-9_]{1,16}")), spec)
            for name, spec in specs.items()
            if "*" in name
        ]

    def judge(self, point: str, value: Value | None) -> Sample:
        """Return the sample; what is impossible for the point is of bad quality and has no value.

        Raises ProtocolError when the model has no such point, or the value is of another type.
        """
        spec = self._exact.get(point) or self._by_pattern(point)
        if value is None:
            return Sample(point, None, Quality.BAD)
        kind = spec.type
        if type(value) not in _TYPES[kind]:
            raise ProtocolError(
                f"point {point!r} is a {spec.type.value}, but the message has {value!r:.40}"
            )
        check = _PLAUSIBLE.get(kind)
        if check is None or check(spec, value):
            return Sample(point, value)
        return Sample(point, None, Quality.BAD)

    def _by_pattern(self, point: str) -> PointSpec:
        for pattern, spec in self._patterns:
            if pattern.fullmatch(point):
                return spec
        hint = suggest(point, self._exact)
        raise ProtocolError(f"model {self._model} has no point {point!r:.80}{hint}")


def _in_range(spec: PointSpec, value: Value) -> bool:
    low = -MAX_INTEGER if spec.minimum is None else spec.minimum
    high = MAX_INTEGER if spec.maximum is None else spec.maximum
    return isinstance(value, int | float) and low <= value <= high


def _counts_up(spec: PointSpec, value: Value) -> bool:
    return isinstance(value, int | float) and value >= 0 and _in_range(spec, value)


_TYPES: Mapping[PointType, tuple[type, ...]] = {
    PointType.BOOL: (bool,),
    PointType.NUMBER: (int, float),
    PointType.COUNTER: (int, float),
    PointType.ENUM: (str,),
    PointType.TEXT: (str,),
}
_PLAUSIBLE: Mapping[PointType, Callable[[PointSpec, Value], bool]] = {
    PointType.NUMBER: _in_range,
    PointType.COUNTER: _counts_up,
    PointType.ENUM: lambda spec, value: value in spec.values,
    PointType.TEXT: lambda _spec, value: not has_control_characters(str(value)),
}
