"""Compares the names in the file of duty with what there is: bells, people, holders of roles.

A name that nobody has is a problem of its line, and no more: the plan counts, and the rung has a
hole, or the bell is passed over, for as long as it stays so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from hub.access.record import Person
from hub.config.toml_reader import TomlReader
from hub.model.access import Role
from hub.model.bell import CONSOLE
from hub.model.spelling import suggest

Spot = tuple[str | int, ...]


class Names(NamedTuple):
    """What there is to be named: ids of bells, and people by login; None is not to be looked at.

    `shared` are those of the bells that many read.
    """

    bells: Collection[str] | None = None
    people: Mapping[str, Person] | None = None
    shared: Collection[str] = ()


def read_people(bodies: Mapping[str, bytes]) -> dict[str, Person] | None:
    """Return the stored people by login; None before there is anybody, when nobody is missed."""
    if not bodies:
        return None
    return {name: msgspec.json.decode(body, type=Person) for name, body in bodies.items()}


def check_names(reader: TomlReader, names: Names) -> None:
    """Add a problem for each name that nobody and nothing has."""
    for table, spot in _rungs(reader.tables):
        if names.bells is not None:
            _check_bells(reader, table, spot, {CONSOLE, *names.bells})
            _check_shared(reader, table, spot, names.shared)
        for field in ("responsible", "informed"):
            for word in _texts(table, field):
                _check_word(reader, word, (*spot, field), names.people)
    for login, spot in _logins(reader.tables):
        _check_word(reader, f"person:{login}", spot, names.people)


def _check_bells(
    reader: TomlReader, table: Mapping[str, Any], spot: Spot, known: Collection[str]
) -> None:
    for name in _texts(table, "channels"):
        if name not in known:
            hint = suggest(name, known)
            reader.add(f"no [[bell]] is called '{name}'", *spot, "channels", hint=hint)


def _check_shared(
    reader: TomlReader, table: Mapping[str, Any], spot: Spot, shared: Collection[str]
) -> None:
    """What is discreet passes over a channel that many read, so nobody should rely on one."""
    plan, place = reader.tables["plan"], spot[1]
    for name in _texts(table, "channels") if plan[place].get("discreet") is True else ():
        if name in shared:
            hint = "name one that reaches one person: an SMS, a call, an e-mail, wecom_app"
            reader.add(f"many read '{name}'", *spot, "channels", hint=hint)


def _check_word(
    reader: TomlReader, word: str, spot: Spot, people: Mapping[str, Person] | None
) -> None:
    if people is None:
        return
    kind, _, name = word.partition(":")
    if kind == "person" and name not in people:
        known = [each.name for each in people.values() if not each.disabled]
        hint = suggest(name, known) or "add them: lingdang user add"
        reader.add(f"nobody is called '{name}'", *spot, hint=hint)
    elif kind == "person" and people[name].disabled:
        reader.add(f"'{name}' is disabled", *spot, hint="name somebody else, or enable them")
    elif kind in {"role", "nearest"} and name in set(Role):
        held = {each.role for each in people.values() if not each.disabled}
        if name not in held:
            hint = f"somebody needs it, or name another: {', '.join(sorted(held))}"
            reader.add(f"nobody has the role '{name}'", *spot, hint=hint if held else "")


def _logins(tables: Mapping[str, Any]) -> Iterator[tuple[str, Spot]]:
    """Yield the logins of shifts, and of departments that have limits of their own."""
    for table, spot in _inner(tables, "roster", "shift"):
        yield from ((login, (*spot, "people")) for login in _texts(table, "people"))
    for place, table in _tables(tables.get("limits")):
        spot = ("limits", place, "department")
        yield from ((login, spot) for login in _texts(table, "department"))


def _rungs(tables: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Spot]]:
    yield from _inner(tables, "plan", "rung")


def _inner(
    tables: Mapping[str, Any], outer: str, inner: str
) -> Iterator[tuple[Mapping[str, Any], Spot]]:
    """Yield each table of an array in the tables of another one, whatever else stands there."""
    for place, table in _tables(tables.get(outer)):
        for number, each in _tables(table.get(inner)):
            yield each, (outer, place, inner, number)


def _tables(found: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for place, table in enumerate(found if isinstance(found, list) else []):
        if isinstance(table, dict):
            yield place, table


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    found = table.get(key)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
