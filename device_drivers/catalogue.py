"""Reads model files: what a make of device can say, as data.

A core point of its kind needs only its name; what the file adds (period, range) overrides.
Every fault of every file is reported at once, with its line and the nearest good word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, TypeVar

import msgspec

from device_drivers.codecs import digits
from device_drivers.codecs.registers import FORMATS, ORDERS, roll_over_of
from device_drivers.coil_faults import find_coil_faults
from device_drivers.sheet_lines import SheetLines
from hub.config.toml_text import parse_toml
from hub.errors import ConfigError, Problem
from hub.model.catalogue import (
    DeviceModel,
    Example,
    Field,
    Item,
    PointSpec,
    PointType,
    Register,
    RelayOrder,
)
from hub.model.device import Kind
from hub.model.kinds import (
    CORE_EVENTS,
    CORE_POINTS,
    HUB_MADE_EVENTS,
    HUB_MADE_POINTS,
    find_core_point,
)

_Form = TypeVar("_Form")
_Row = TypeVar("_Row", Register, Item, Field, Example, RelayOrder)
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.([a-z0-9_]+|\*))*")
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_MODEL_KEYS, _POINT_KEYS = (
    [field.name for field in msgspec.structs.fields(form)] for form in (DeviceModel, PointSpec)
)
_NEEDED = ("id", "kind", "driver", "name", "points")


def shipped_models() -> dict[str, str]:
    """Return the text of each model file of the package, by file name."""
    folder = files("device_drivers") / "models"
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def load_models(
    texts: Mapping[str, str], drivers: Collection[str] | None = None
) -> dict[str, DeviceModel]:
    """Read files (name → text) into models by id; a later file overrides an earlier one's id.

    A model of none of the `drivers` is a fault; None where that is not to be looked at. Raises
    ConfigError with every fault of every file.
    """
    sheets = [_Sheet(name, text, drivers) for name, text in texts.items()]
    models = [model for model in map(_Sheet.read, sheets) if model is not None]
    problems = [problem for sheet in sheets for problem in sheet.problems]
    if problems:
        raise ConfigError(*problems)
    return {model.id: model for model in models}


class _Sheet:
    """One file while it is read, and what is wrong with it."""

    def __init__(self, name: str, text: str, drivers: Collection[str] | None = None) -> None:
        self.problems: list[Problem] = []
        self._events: list[str] = []
        self._drivers = drivers
        self._table: tuple[str, int] | None = None
        self._name = name
        self._lines = SheetLines(text)
        self._text = text

    def read(self) -> DeviceModel | None:
        """Return the model, or None when there are problems."""
        try:
            raw = parse_toml(self._text)
        except ValueError as error:
            self._complain_of_syntax(str(error))
            return None
        self._check_keys(raw)
        kind = self._read_kind(raw)
        if kind is not None:
            told = raw.get("events", CORE_EVENTS[kind])
            raw["events"] = list(dict.fromkeys([*told, *HUB_MADE_EVENTS]))
            self._events = raw["events"]
            raw["points"] = dict(self._points(kind, raw.get("points", {})))
            raw["registers"] = list(self._rows(raw, "registers", Register))
            raw["items"] = list(self._rows(raw, "items", Item))
            raw["fields"] = list(self._rows(raw, "fields", Field))
            raw["orders"] = list(self._rows(raw, "orders", RelayOrder))
            self._check_orders(raw)
            raw["examples"] = list(self._rows(raw, "examples", Example))
            raw["points"] |= dict(_roll_overs(raw["registers"], raw["items"], raw["points"]))
        return None if self.problems else self._convert(raw, DeviceModel, "")

    def _check_keys(self, raw: Mapping[str, Any]) -> None:
        for key in _NEEDED:
            if key not in raw:
                self._complain("", f"a model needs {key!r}", "")
        self._check_words(raw, _MODEL_KEYS, "key")
        driver = str(raw.get("driver", ""))
        if driver and self._drivers is not None and driver not in self._drivers:
            hint = _nearest(driver, self._drivers) or "install the package that brings it"
            self._complain("driver", f"driver {driver!r} is not known", hint)

    def _read_kind(self, raw: Mapping[str, Any]) -> Kind | None:
        kinds = [kind.value for kind in Kind]
        word = raw.get("kind", "")
        if word in kinds:
            return Kind(word)
        if word:
            self._complain("kind", f"kind {word!r} is not known", _nearest(str(word), kinds))
        return None

    def _points(self, kind: Kind, raw: object) -> Iterator[tuple[str, PointSpec]]:
        if not isinstance(raw, dict):
            self._complain("points", "points must be a table of name = { … }", "")
            return
        for name, text in raw.items():
            spec = self._point(kind, name, text)
            if spec is not None:
                yield name, spec
        yield from HUB_MADE_POINTS.items()

    def _point(self, kind: Kind, name: str, text: object) -> PointSpec | None:
        if not isinstance(text, dict):
            self._complain(name, f"point {name!r} must be a table, like {{ period = 60 }}", "")
            return None
        core = find_core_point(kind, name)
        if core is None and ("type" not in text or not _NAME.fullmatch(name)):
            hint = _nearest(name, CORE_POINTS[kind]) or "a new point needs a type"
            self._complain(name, f"{kind.value} has no core point {name!r}", hint)
            return None
        self._check_words(text, _POINT_KEYS, "key")
        known = {} if core is None else msgspec.structs.asdict(core)
        return self._convert({**known, **text, "name": name}, PointSpec, name)

    def _rows(self, model: Mapping[str, Any], key: str, form: type[_Row]) -> Iterator[_Row]:
        """Yield the tables of that key which are sound; complain of the others."""
        raw, what = model.get(key, []), key.removesuffix("s")
        if not isinstance(raw, list):
            self._complain(key, f"{key} must be tables [[{key}]]", "")
            return
        known = [field.name for field in msgspec.structs.fields(form)]
        for number, table in enumerate(raw, 1):
            self._table = (key, number)
            if isinstance(table, dict):
                self._check_words(table, known, f"{what} {number}: key")
            row = self._convert(table, form, "", f"{what} {number}:")
            if row is not None and self._is_sound(row, f"{what} {number}", model["points"]):
                yield row
        self._table = None

    def _check_orders(self, raw: dict[str, Any]) -> None:
        """Complain of orders that no relay could give; they are commands of the model."""
        for message, hint in find_coil_faults(raw["orders"], raw.get("driver"), raw["registers"]):
            self._complain("orders", message, hint)
        told = raw.get("commands", [])
        if isinstance(told, list):
            raw["commands"] = list(dict.fromkeys([*told, *(order.do for order in raw["orders"])]))

    def _is_sound(self, row: object, place: str, points: Mapping[str, PointSpec]) -> bool:
        """Complain of each word that nothing is known by; what has such a one cannot be read."""
        before = len(self.problems)
        if not isinstance(row, Register | Item | Field):
            return True
        words: list[tuple[str, str, Iterable[str]]] = [("point", row.point, points)]
        if isinstance(row, Field) and row.event:
            words = [("event", row.event, self._events)]
        if isinstance(row, Register):
            words += [("type", row.type, FORMATS), ("order", row.order, ORDERS)]
        elif isinstance(row, Item) and row.format.count("X") % 2:
            self._complain(row.format, f"{place}: {row.format} is half a byte short", "add an X")
        for what, word, known in words:
            if word not in known:
                self._complain(word, f"{place}: no {what} {word!r}", _nearest(word, known))
        return len(self.problems) == before

    def _convert(self, raw: object, form: type[_Form], key: str, prefix: str = "") -> _Form | None:
        try:
            return msgspec.convert(raw, form)
        except msgspec.ValidationError as error:
            self._complain(
                key or _path_key(str(error)), f"{prefix}{key} {error}".strip(), _hint(str(error))
            )
            return None

    def _check_words(self, raw: Mapping[str, object], known: list[str], what: str) -> None:
        for key in raw:
            if key not in known:
                self._complain(key, f"{what} {key!r} is not known", _nearest(key, known))

    def _complain(self, key: str, message: str, hint: str) -> None:
        line, column = (
            self._lines.find_in_table(*self._table, [key]) if self._table else self._lines.find(key)
        )
        self.problems.append(
            Problem(file=self._name, line=line, column=column, message=message, hint=hint)
        )

    def _complain_of_syntax(self, message: str) -> None:
        found = _TOML_PLACE.search(message)
        line, column = (int(found[1]), int(found[2])) if found else (self._lines.last, 1)
        self.problems.append(
            Problem(
                file=self._name,
                line=line,
                column=column,
                message=f"not TOML: {_TOML_PLACE.sub('', message)}",
            )
        )


def _roll_overs(
    registers: Iterable[Register], items: Iterable[Item], points: Mapping[str, PointSpec]
) -> Iterator[tuple[str, PointSpec]]:
    """Yield the counters that begin again where their field ends, unless the file says where."""
    ends = [(each.point, roll_over_of(each.type), each.scale) for each in registers]
    ends += [(each.point, digits.roll_over_of(each.format), 1.0) for each in items if each.format]
    for point, end, scale in ends:
        spec = points.get(point)
        if spec is None or spec.type is not PointType.COUNTER or spec.roll_over is not None:
            continue
        if end is not None:
            yield point, msgspec.structs.replace(spec, roll_over=end * scale)


def _nearest(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else ""


def _hint(message: str) -> str:
    wrong = re.search(r"Invalid enum value '(\w+)'", message)
    known = [each.value for each in (*PointType, *Kind)]
    return _nearest(wrong[1], known) if wrong else ""


def _path_key(message: str) -> str:
    found = re.search(r"`\$\.(\w+)", message)
    return found[1] if found else ""
