"""Settings of links on which the hub itself asks: Modbus gateways and lines of meters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from hub.config.toml_reader import TomlReader

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
Milliseconds = Annotated[int, Meta(ge=0, le=10_000)]
Word = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
        description="1 to 64 of A-Z a-z 0-9 _ -, the first a letter or digit",
    ),
]


Path = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
        max_length=200,
        description="a topic: words of A-Z a-z 0-9 _ . - with / between them",
    ),
]


class BusSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What devices name as their `link`."""

    name: Word


class ModbusSettings(BusSettings, frozen=True, kw_only=True):
    """One Modbus gateway; devices name it as their `link`.

    `period` is the seconds between two polls of a slave, `timeout` the seconds that an answer may
    take at most (a slave that was faster so far is waited for less), `connect_timeout` those that
    the connection may take, `gap_ms` the milliseconds of silence that the bus needs between two
    requests.
    """

    host: str
    port: Port = 502
    framing: Literal["tcp", "rtu_over_tcp"] = "tcp"
    period: Seconds = 10.0
    timeout: Seconds = 1.0
    connect_timeout: Seconds = 4.0
    gap_ms: Milliseconds = 0


class LineSettings(BusSettings, frozen=True, kw_only=True):
    """One converter that passes a line's bytes, with meters of DL/T 645 or CJ/T 188 behind it.

    Devices name it as their `link`, and the number on the meter is their address. Times
    are as of Modbus; meters that live on a battery stand few polls a day.
    """

    host: str
    port: Port
    period: Seconds = 60.0
    timeout: Seconds = 1.5
    connect_timeout: Seconds = 4.0
    gap_ms: Milliseconds = 50


class DtuSettings(BusSettings, frozen=True, kw_only=True):
    """One DTU that passes a line's bytes by two topics of the broker of `[mqtt]`.

    Devices name it as their `link`, and the number on the meter is their address. The hub publishes
    on `down` and hears `up`; `payload` is how bytes are written there.
    """

    down: Path
    up: Path
    payload: Literal["raw", "hex"] = "raw"
    period: Seconds = 60.0
    timeout: Seconds = 3.0
    gap_ms: Milliseconds = 50


Bus = TypeVar("Bus", bound=BusSettings)


def read_buses(
    reader: TomlReader, key: str, form: type[Bus], taken: Iterable[str]
) -> tuple[Bus, ...]:
    """Read the tables of a key; what is broken or has a `taken` name is told and left out."""
    tables = reader.tables.get(key, [])
    if not isinstance(tables, list):
        reader.add("each gateway has a table of its own", key, hint=f"write [[{key}]]")
        return ()
    names = {"mqtt", *taken}
    buses: list[Bus] = []
    for place, table in enumerate(tables):
        bus = reader.read(form, table, key, place)
        if bus is None:
            continue
        if bus.name in names:
            hint = "give each link a name of its own"
            reader.add(f"'{bus.name}' is taken", key, place, "name", hint=hint)
            continue
        names.add(bus.name)
        buses.append(bus)
    return tuple(buses)


def read_dtus(reader: TomlReader, taken: Iterable[str]) -> tuple[DtuSettings, ...]:
    """Read `[[dtu]]`; one whose topics cannot be its own is told and left out."""
    found: list[DtuSettings] = []
    topics: set[str] = set()
    names = [dict(table).get("name") for table in reader.tables.get("dtu", [])]
    for dtu in read_buses(reader, "dtu", DtuSettings, taken):
        place = names.index(dtu.name)
        if "mqtt" not in reader.tables:
            reader.add("it needs a broker", "dtu", place, hint="write [mqtt]")
        elif dtu.down == dtu.up or topics & {dtu.down, dtu.up}:
            hint = "each DTU has two topics of its own"
            reader.add("its topics are another's, or one", "dtu", place, hint=hint)
        elif any(each.partition("/")[0] == "ld" for each in (dtu.down, dtu.up)):
            hint = "let it speak elsewhere"
            reader.add("below ld/ the hub's own dialect is spoken", "dtu", place, hint=hint)
        else:
            topics |= {dtu.down, dtu.up}
            found.append(dtu)
    return tuple(found)
