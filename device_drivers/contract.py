"""What every driver owes: a value is believed only if its point's description allows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.kinds import HUB_MADE_POINTS
from hub.model.report import Quality, Sample, Value

MAX_INTEGER = 2**63 - 1
"""The largest integer that the store holds."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def has_control_characters(text: str) -> bool:
    """Tell whether the text holds what would break a log line or a screen."""
    return _CONTROL.search(text) is not None


def suggest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest known word, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


class _Known(NamedTuple):
    """A point of the model: its name as one string for all messages, and what it allows."""

    name: str
    spec: PointSpec
    types: tuple[type, ...]
    allows: Callable[[Any], bool] | None


class PointTable:
    """The points that a device of one model may send; `port.*.up` stands for `port.3.up`."""

    def __init__(self, model: DeviceModel) -> None:
        specs = {n: spec for n, spec in model.points.items() if n not in HUB_MADE_POINTS}
        self._model = model.id
        self._exact = {n: _describe(n, spec) for n, spec in specs.items() if "*" not in n}
        self._patterns = [
            (re.compile(re.escape(name).replace(r"\*", "[a-z0-9_]{1,16}")), _describe(name, spec))
            for name, spec in specs.items()
            if "*" in name
        ]

    def judge_all(self, points: Mapping[str, Value | None]) -> tuple[Sample, ...]:
        """Return a message's samples; see `judge`."""
        exact, samples = self._exact, []
        for point, value in points.items():
            known = exact.get(point)
            if known is not None and value.__class__ in known.types:
                allows = known.allows
                if allows is None or allows(value):
                    samples.append(Sample(known.name, value))
                    continue
            samples.append(self.judge(point, value))
        return tuple(samples)

    def judge(self, point: str, value: Value | None) -> Sample:
        """Return the sample; what is impossible for the point is of bad quality and has no value.

        Raises ProtocolError when the model has no such point, or the value is of another type.
        """
        known = self._exact.get(point) or self._by_pattern(point)
        if value is None:
            return Sample(point, None, Quality.BAD)
        if value.__class__ not in known.types:
            raise ProtocolError(
                f"point {point!r} is a {known.spec.type.value}, but the message has {value!r:.40}"
            )
        if known.allows is None or known.allows(value):
            return Sample(point, value)
        return Sample(point, None, Quality.BAD)

    def _by_pattern(self, point: str) -> _Known:
        for pattern, known in self._patterns:
            if pattern.fullmatch(point):
                return known
        hint = suggest(point, self._exact)
        raise ProtocolError(f"model {self._model} has no point {point!r:.80}{hint}")


def _describe(name: str, spec: PointSpec) -> _Known:
    return _Known(name, spec, _TYPES[spec.type], _ALLOWS[spec.type](spec))


def _anything(_spec: PointSpec) -> None:
    return None


def _range(spec: PointSpec) -> Callable[[Any], bool]:
    low = -MAX_INTEGER if spec.minimum is None else spec.minimum
    high = MAX_INTEGER if spec.maximum is None else spec.maximum
    return lambda value: bool(low <= value <= high)


def _count(spec: PointSpec) -> Callable[[Any], bool]:
    in_range = _range(spec)
    return lambda value: value >= 0 and in_range(value)


def _word(spec: PointSpec) -> Callable[[Any], bool]:
    return frozenset(spec.values).__contains__


def _text(_spec: PointSpec) -> Callable[[Any], bool]:
    return lambda value: not has_control_characters(value)


_TYPES: Mapping[PointType, tuple[type, ...]] = {
    PointType.BOOL: (bool,),
    PointType.NUMBER: (int, float),
    PointType.COUNTER: (int, float),
    PointType.ENUM: (str,),
    PointType.TEXT: (str,),
}
_ALLOWS: Mapping[PointType, Callable[[PointSpec], Callable[[Any], bool] | None]] = {
    PointType.BOOL: _anything,
    PointType.NUMBER: _range,
    PointType.COUNTER: _count,
    PointType.ENUM: _word,
    PointType.TEXT: _text,
}
