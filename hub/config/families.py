"""Settings of further dialects on the hub's broker: one table, one link that devices name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from hub.config.buses import Word
from hub.config.toml_reader import TomlReader
from hub.model.spelling import nearest

SHIPPED = (
    "vzenith",
    "tasmota",
    "zigbee2mqtt",
    "shelly",
    "thingsboard",
    "thingsboard-gateway",
    "homeassistant",
    "frigate",
)
"""Those of `hub.assembly.dialects`; a test holds the two together. Packages bring further ones."""
Prefix = Annotated[
    Annotated[str, Meta(max_length=64, pattern=r"^([A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*)?$")] | None,
    Meta(description="words of A-Z a-z 0-9 _ . - with / between them"),
]
_OWN = "ld"
"""The first word of the hub's own topics."""


class FamilySettings(msgspec.Struct, frozen=True, kw_only=True):
    """One further dialect on the broker of `[mqtt]`; devices name it as their `link`.

    `prefix` is what its topics begin with; None: as the dialect does it by itself.
    """

    name: Word
    dialect: str
    prefix: Prefix = None


def read_families(
    reader: TomlReader, taken: Iterable[str], dialects: Collection[str] = SHIPPED
) -> tuple[FamilySettings, ...]:
    """Read `[[family]]`; what is broken, has a `taken` name or no broker is told and left out.

    So is what speaks none of the `dialects`.
    """
    tables = reader.tables.get("family", [])
    if not isinstance(tables, list):
        reader.add("each dialect has a table of its own", "family", hint="write [[family]]")
        return ()
    names = {"mqtt", "hub", *taken}
    return tuple(_each(reader, tables, names, dialects))


def _each(
    reader: TomlReader, tables: list[object], names: set[str], dialects: Collection[str]
) -> Iterator[FamilySettings]:
    places = set[tuple[str, str | None]]()
    for place, table in enumerate(tables):
        family = reader.read(FamilySettings, table, "family", place)
        if family is None:
            continue
        same = (family.dialect, family.prefix)
        if family.dialect not in dialects:
            reader.add(
                f"the dialect '{family.dialect}' is not known, and no installed package brings it",
                *("family", place, "dialect"),
                hint=_hint(family.dialect, dialects),
            )
        elif family.name in names:
            hint = "give each link a name of its own"
            reader.add(f"'{family.name}' is taken", "family", place, "name", hint=hint)
        elif same in places:
            hint = "give this one another prefix, or leave it out"
            reader.add("its topics are another's", "family", place, "dialect", hint=hint)
        elif (family.prefix or "").partition("/")[0] == _OWN:
            hint = "let its devices speak elsewhere"
            reader.add("below ld/ the hub's own dialect is spoken", "family", place, hint=hint)
        elif "mqtt" not in reader.tables:
            reader.add("it needs a broker", "family", place, hint="write [mqtt]")
        else:
            names.add(family.name)
            places.add(same)
            yield family


def _hint(dialect: str, dialects: Collection[str]) -> str:
    guess = nearest(dialect, dialects)
    if guess:
        return f"did you mean '{guess}'?"
    return f"one of: {', '.join(dialects)}; `lingdang drivers` says what is wrong with a package"
