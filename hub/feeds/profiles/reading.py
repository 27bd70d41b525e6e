"""Reads a profile's file strictly, section by section: every fault with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from hub.config.toml_reader import TomlReader
from hub.errors import ConfigError, Problem
from hub.feeds.profiles.checking import check_profile
from hub.model.profile import (
    Attachments,
    Auth,
    BothWays,
    Code,
    CodeTable,
    Coordinates,
    Create,
    Envelope,
    Field,
    Grid,
    Head,
    Personal,
    Poll,
    Profile,
    Pull,
    Query,
    Steps,
    Times,
    Transport,
    Update,
)

T = TypeVar("T", bound=msgspec.Struct)
Texts = Callable[[str], str]
"""Reads a file that stands beside the profile; raises ConfigError."""

ALWAYS: dict[str, type[msgspec.Struct]] = {
    "transport": Transport,
    "auth": Auth,
    "envelope": Envelope,
    "time": Times,
    "coordinates": Coordinates,
    "grid": Grid,
    "personal": Personal,
    "attachments": Attachments,
    "actions": BothWays,
    "states": BothWays,
}
"""Sections that count with their defaults where they are not written."""
ON_REQUEST: dict[str, type[msgspec.Struct]] = {
    "create": Create,
    "update": Update,
    "query": Query,
    "poll": Poll,
    "pull": Pull,
    "steps": Steps,
}
"""Sections that do nothing where they are not written."""
SECTIONS = ("profile", *ALWAYS, *ON_REQUEST, "maps", "field")


class _CodeHead(msgspec.Struct, frozen=True, kw_only=True):
    sample: bool
    source: str = ""


def read_profile(text: str, file: str, texts: Texts) -> tuple[Profile | None, tuple[Problem, ...]]:
    """Read a profile, and what is wrong with it; None where that leaves nothing to speak by."""
    reader = TomlReader(text, file)
    if not reader.is_toml:
        return None, tuple(reader.problems)
    reader.check_names(reader.tables, dict.fromkeys(SECTIONS))
    head = reader.read(Head, reader.tables.get("profile", {}), "profile")
    parts: dict[str, Any] = {name: _section(reader, name, kind) for name, kind in ALWAYS.items()}
    parts |= {
        name: reader.read(kind, reader.tables[name], name)
        for name, kind in ON_REQUEST.items()
        if name in reader.tables
    }
    if head is None:
        return None, _sorted(reader)
    codes, faults = _codes(reader, head, texts)
    profile = Profile(
        head=head, maps=_maps(reader), fields=_fields(reader), codes=codes, file=file, **parts
    )
    check_profile(reader, profile)
    return profile, (*_sorted(reader), *faults)


def load_profile(text: str, file: str, texts: Texts) -> Profile:
    """Read a profile, or raise ConfigError with every fault."""
    profile, problems = read_profile(text, file, texts)
    if profile is None or problems:
        raise ConfigError(*problems)
    return profile


def read_codes(text: str, file: str) -> tuple[CodeTable, tuple[Problem, ...]]:
    """Read a code table: `[codes]` says whether it is a sample, each `[[code]]` is a row."""
    reader = TomlReader(text, file)
    if not reader.is_toml:
        return CodeTable(), tuple(reader.problems)
    reader.check_names(reader.tables, {"codes": None, "code": None})
    head = reader.read(_CodeHead, reader.tables.get("codes", {}), "codes")
    rows = _tables(reader, "code", Code)
    table = CodeTable(
        sample=head is None or head.sample, source=head.source if head else "", rows=rows
    )
    return table, _sorted(reader)


def _section(reader: TomlReader, name: str, kind: type[T]) -> T:
    return reader.read(kind, reader.tables.get(name, {}), name) or kind()


def _fields(reader: TomlReader) -> tuple[Field, ...]:
    return _tables(reader, "field", Field)


def _tables(reader: TomlReader, name: str, kind: type[T]) -> tuple[T, ...]:
    tables = reader.tables.get(name, [])
    if not isinstance(tables, list):
        reader.add("each one has a table of its own", name, hint=f"write [[{name}]]")
        return ()
    found = [reader.read(kind, table, name, place) for place, table in enumerate(tables)]
    return tuple(each for each in found if each is not None)


def _maps(reader: TomlReader) -> dict[str, dict[str, str]]:
    maps: dict[str, dict[str, str]] = {}
    tables = reader.tables.get("maps", {})
    if not isinstance(tables, dict):
        reader.add("it must be a table of tables", "maps", hint="write [maps.severity]")
        return maps
    for name, table in tables.items():
        try:
            maps[name] = msgspec.convert(table, dict[str, str])
        except msgspec.ValidationError as error:
            reader.add(str(error), "maps", name, hint='write ours = "theirs"')
    return maps


def _codes(reader: TomlReader, head: Head, texts: Texts) -> tuple[CodeTable, tuple[Problem, ...]]:
    if not head.codes:
        return CodeTable(), ()
    try:
        return read_codes(texts(head.codes), head.codes)
    except ConfigError as error:
        reader.add(str(error), "profile", "codes", hint="it is relative to this file")
        return CodeTable(), ()


def _sorted(reader: TomlReader) -> tuple[Problem, ...]:
    return tuple(sorted(reader.problems, key=lambda each: (each.line, each.column)))
