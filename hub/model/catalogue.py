"""What a kind of device and a model of it can say: points with type, unit, range and period."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from hub.model.device import Kind

YEAR = 366 * 86400.0
"""Seconds; longer periods are slips."""
Number = Annotated[float, msgspec.Meta(ge=-1e18, le=1e18)]
"""Finite: TOML also knows `inf` and `nan`, and nothing compares with the latter."""


class PointType(StrEnum):
    """The type of a point; a counter is a number that only rises, until it rolls over."""

    BOOL = "bool"
    NUMBER = "number"
    COUNTER = "counter"
    ENUM = "enum"
    TEXT = "text"


class PointSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One point; `period` in seconds, 0 for a point that is sent on change only.

    `fastest` is what a counter can count in an hour at most, `roll_over` where it begins again from
    0; a Modbus register gives the latter by its width. `keep_readings` and `keep_hours` are days of
    history; 0 means what the site keeps.
    """

    name: str
    type: PointType
    unit: str = ""
    period: Annotated[float, msgspec.Meta(ge=0, le=YEAR)] = 0.0
    minimum: Number | None = None
    maximum: Number | None = None
    fastest: Annotated[float, msgspec.Meta(gt=0)] | None = None
    roll_over: Annotated[float, msgspec.Meta(gt=0)] | None = None
    values: tuple[str, ...] = ()
    zh: str = ""
    en: str = ""
    keep_readings: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0
    keep_hours: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 0


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """Where a point lies in a Modbus model: wire address from 0, type, order, factor.

    `type` is uint16, int16, uint32, int32, int64, uint64, float32, float64, bcd16, bcd32 or bits,
    and `bit` for what is read by function 1 (coils) or 2 (inputs). `function` is the model's at 0;
    `bit2` are two bits in a row, of which the first counts 1 and the second 2;
    `order` is the bytes' order on the wire: ABCD, CDAB, BADC, DCBA. `no_value` lists sentinels;
    `decode` maps a word to the value of an enum.
    """

    point: str
    address: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    type: str
    order: str = "ABCD"
    scale: Number = 1.0
    no_value: tuple[int, ...] = ()
    decode: dict[str, str | bool] = {}
    mask: int = 0
    """Bits of the word that belong to the point; 0 means all."""
    function: Literal[0, 1, 2, 3, 4] = 0


class RelayOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that a relay gives: it stands on for `pulse` seconds. Nothing else is ever written.

    `coil` is the relay's address on the wire, from 0. Where the board itself lets it go again,
    `flash` is the address that takes the time, in tenths of a second, and switches it on.
    """

    do: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z_]{0,31}$")]
    coil: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)]
    pulse: Annotated[float, msgspec.Meta(ge=0.1, le=2.0)] = 0.5
    flash: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] | None = None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Where a point lies in a meter that is asked by data identifiers (DL/T 645, CJ/T 188).

    `di` is in hexadecimal, high byte first; `at` is the field's first byte behind identifier and
    serial number, counted from the end where it is negative. `format` is a number's, as `XXX.X`;
    without one the field is a status word of `size` bytes, of which `mask` are the point's bits,
    and `decode` maps them to its value. Several items of a point are tried in their order: the
    next is asked for where a meter does not have the one before.
    """

    point: str
    di: Annotated[str, msgspec.Meta(pattern="^([0-9A-F]{4}|[0-9A-F]{8})$")]
    at: Annotated[int, msgspec.Meta(ge=-200, le=199)] = 0
    format: Annotated[str, msgspec.Meta(pattern=r"^(X+(\.X+)?)?$")] = ""
    signed: bool = False
    size: Annotated[int, msgspec.Meta(ge=1, le=4)] = 2
    mask: int = 0
    decode: dict[str, str | bool] = {}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Where a point, or an event, lies in a JSON message: names on the way, with dots.

    `scale` multiplies a number; `decode` maps what is said, as text, to the point's value. For an
    event it lists the words that tell of it; without it every word does.
    """

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    point: str = ""
    event: str = ""
    scale: Number = 1.0
    decode: dict[str, str | bool] = {}


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """What a device said and what it means, in the form that `lingdang decode` takes.

    `registers` are `ADDR:HEX`, `hex` the bytes of a frame, `message` a text, `topic` for MQTT;
    `expect` maps points to their values, and to nothing else than "bad" where there is none.
    """

    registers: tuple[str, ...] = ()
    hex: str = ""
    message: str = ""
    topic: str = ""
    expect: dict[str, float | str | bool]
    source: str = ""
    """Who saw it so; empty where it was made up from the map."""


class DeviceModel(msgspec.Struct, frozen=True, kw_only=True):
    """One file of `device_drivers/models/`; `heartbeat` is the longest normal silence (seconds).

    `function`, `max_registers`, `registers` and `orders` are for Modbus; `items` for meters on a
    line, and `medium` for CJ/T 188 (0x10 cold water); `fields` for dialects of JSON. `examples` are
    proofs. `commands` are also those of `orders`.
    """

    id: str
    kind: Kind
    driver: str
    name: dict[str, str]
    points: dict[str, PointSpec]
    events: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    heartbeat: Annotated[float, msgspec.Meta(gt=0, le=YEAR)] = 60.0
    function: Literal[0, 1, 2, 3, 4] = 0
    max_registers: Annotated[int, msgspec.Meta(ge=1, le=125)] = 32
    registers: tuple[Register, ...] = ()
    orders: tuple[RelayOrder, ...] = ()
    medium: Annotated[int, msgspec.Meta(ge=0, le=0xFF)] = 0x10
    items: tuple[Item, ...] = ()
    fields: tuple[Field, ...] = ()
    examples: tuple[Example, ...] = ()
    source: str = ""
    confidence: str = ""
