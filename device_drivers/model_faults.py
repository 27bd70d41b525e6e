"""What is wrong with a model that can be read and yet would tell nonsense: pure, and of one model.

`load_models` refuses what cannot be understood. What is told here can be: registers that overlap,
a point that nothing gives, a unit that is not the point's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches
from itertools import pairwise
from typing import NamedTuple

from device_drivers.codecs.registers import words_of
from hub.model.catalogue import DeviceModel, PointSpec, PointType, Register
from hub.model.kinds import CORE_POINTS, HUB_MADE_POINTS, find_core_point

MODBUS, LINES = "modbus", ("dlt645", "cjt188")
LEVELS = ("high", "medium-high", "medium", "low")
"""First words of `confidence`."""
ADDRESSES = 0x10000
BITS = (1, 2)
"""Functions that read coils and inputs."""
UNITS = frozenset(
    {spec.unit for table in CORE_POINTS.values() for spec in table.values()}
    | {
        "W",
        "kvar",
        "kVA",
        "kvarh",
        "Wh",
        "mA",
        "L",
        "L/h",
        "m",
        "mm",
        "kPa",
        "MPa",
        "min",
        "s",
        "1/s",
    }
    | {"h", "d", "ppm", "lx", "dB", "dBm", "rpm", "deg", "ug/m3", "mV", "hPa", "VA", "var"}
)


class Fault(NamedTuple):
    """A fault, and where to look for it: the `number`th table `[[table]]`, there the word."""

    message: str
    hint: str = ""
    word: str = ""
    table: str = ""
    number: int = 0


def find_faults(model: DeviceModel, drivers: Collection[str]) -> Iterator[Fault]:
    """Yield every fault; `drivers` are the dialects that there are."""
    yield from _of_the_head(model, drivers)
    for spec in model.points.values():
        if spec.name not in HUB_MADE_POINTS:
            yield from _of_a_point(model, spec)
    if model.driver == MODBUS:
        yield from _of_registers(model)
    yield from _of_sources(model)


def _of_the_head(model: DeviceModel, drivers: Collection[str]) -> Iterator[Fault]:
    if model.driver not in drivers:
        hint = near(model.driver, drivers) or f"there are {', '.join(drivers)}"
        yield Fault(f"no dialect {model.driver!r}", hint, "driver")
    if not model.name.get("zh"):
        yield Fault("the model has no Chinese name", 'write name = { zh = "…", en = "…" }', "name")
    if not model.source:
        yield Fault("nobody knows where this is from", 'write source = "manual, version, page"')
    if re.split(r"[\s:;,]", model.confidence, maxsplit=1)[0] not in LEVELS:
        hint = f"write one of {', '.join(LEVELS)}, then why"
        yield Fault("how far is it to be believed? confidence says not", hint, "confidence")


def _of_a_point(model: DeviceModel, spec: PointSpec) -> Iterator[Fault]:
    core = find_core_point(model.kind, spec.name)
    if core is not None and spec.unit != core.unit:
        hint = "leave unit out, and let scale turn the raw number into that"
        yield Fault(f"{spec.name} is in {core.unit or 'no unit'} everywhere", hint, spec.name)
    elif core is not None and spec.type is not core.type:
        yield Fault(f"{spec.name} is a {core.type} everywhere", "leave type out", spec.name)
    elif spec.unit not in UNITS:
        hint = near(spec.unit, UNITS) or f"there are {', '.join(sorted(filter(None, UNITS)))}"
        yield Fault(f"{spec.name}: no unit {spec.unit!r}", hint, spec.name)
    if not (spec.zh and spec.en):
        yield Fault(f"{spec.name} needs its names", 'write zh = "…", en = "…"', spec.name)
    if spec.minimum is not None and spec.maximum is not None and spec.minimum >= spec.maximum:
        yield Fault(f"{spec.name}: no value can be", "minimum must be below maximum", spec.name)


def _of_registers(model: DeviceModel) -> Iterator[Fault]:
    if not model.registers:
        yield Fault("a Modbus model without registers reads nothing", "add [[registers]]")
    if not model.function and any(not each.function for each in model.registers):
        yield Fault("by which function is it read?", "write function = 3, or 4 for input registers")
    for number, register in enumerate(model.registers, 1):
        for message, hint, word in _of_a_register(model, register):
            yield Fault(f"register {number}: {message}", hint, word, "registers", number)
    yield from _overlaps(model)


def _of_a_register(model: DeviceModel, register: Register) -> Iterator[tuple[str, str, str]]:
    words, spec = words_of(register.type), model.points[register.point]
    function = register.function or model.function
    if register.address + words > ADDRESSES:
        yield f"{register.type} ends behind 0xFFFF", "look at the address", "address"
    if words > model.max_registers:
        yield f"{register.type} is longer than max_registers", "raise max_registers", "type"
    if (register.type in {"bit", "bit2"}) != (function in BITS) and function:
        hint = 'type = "bit" goes with function 1 or 2, every other type with 3 or 4'
        yield f"function {function} gives no {register.type}", hint, "type"
    if register.scale == 0:
        yield "a scale of 0 makes every value 0", "leave it out for 1", "scale"
    yield from _words_of_decode(register, spec)


def _words_of_decode(register: Register, spec: PointSpec) -> Iterator[tuple[str, str, str]]:
    if spec.type is PointType.ENUM and not register.decode:
        known = ", ".join(spec.values)
        yield f"{spec.name} is one of {known}", 'write decode = { "1" = "…" }', "point"
    for said, value in register.decode.items():
        fits = {
            PointType.BOOL: isinstance(value, bool),
            PointType.ENUM: value in spec.values,
            PointType.TEXT: isinstance(value, str),
        }
        if not fits.get(spec.type):
            hint = near(str(value), spec.values) or f"{spec.name} is a {spec.type}"
            yield f"{said} cannot mean {value!r}", hint, "decode"


def _overlaps(model: DeviceModel) -> Iterator[Fault]:
    """Yield what shares words with another: but bits of one word, each with its own mask."""
    rows = sorted(enumerate(model.registers, 1), key=lambda row: _place(model, row[1]))
    for (_, before), (number, register) in pairwise(rows):
        same = (before.function or model.function) == (register.function or model.function)
        end = before.address + words_of(before.type)
        if not same or register.address >= end or _are_bits(before, register):
            continue
        message = f"register {number}: {register.point} at {register.address:#06x} overlaps"
        told = f"{message} {before.point}, which ends at {end - 1:#06x}"
        hint = "look at address and type of both; bits of one word need masks of their own"
        yield Fault(told, hint, "address", "registers", number)


def _place(model: DeviceModel, register: Register) -> tuple[int, int, int]:
    return register.function or model.function, register.address, words_of(register.type)


def _are_bits(one: Register, other: Register) -> bool:
    same = (one.address, one.type) == (other.address, other.type)
    return same and bool(one.mask and other.mask) and not one.mask & other.mask


def _of_sources(model: DeviceModel) -> Iterator[Fault]:
    """Yield points that nothing gives, and registers of one point."""
    given = Counter(each.point for each in model.registers)
    for number, register in enumerate(model.registers, 1):
        if given[register.point] > 1:
            message = f"register {number}: {register.point} has two registers"
            yield Fault(message, "a point has one", "point", "registers", number)
    if model.driver not in {MODBUS, *LINES}:
        return
    sources = given.keys() | {each.point for each in model.items}
    for name in model.points:
        if name not in sources and name not in HUB_MADE_POINTS:
            what = "[[registers]]" if model.driver == MODBUS else "[[items]]"
            hint = f"add {what} with point = {name!r}, or take it out of [points]"
            yield Fault(f"nothing gives {name}", hint, name)


def near(word: str, known: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the nearest known word, or nothing."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.5) if word else []
    return f"did you mean {found[0]!r}?" if found else ""
