"""Reads the site's file of duty: rosters, days, quiet, plans of escalation, departments' limits.

What is broken is left out, and told with its line; the shipped plans stand behind the site's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from importlib.resources import files
from typing import Generic, NamedTuple, TypeVar

import msgspec

from hub.assembly.duty_check import Names, check_names
from hub.assembly.duty_table import (
    DayTable,
    LimitsTable,
    PlanTable,
    QuietTable,
    RosterTable,
    RungTable,
    ShiftTable,
)
from hub.assembly.limits_check import check_limits
from hub.assembly.rung_check import check_both, check_discreet, check_rung, check_taken
from hub.config.toml_reader import TomlReader
from hub.errors import ConfigError, Problem
from hub.model.place import Place
from hub.model.roster import Roster, Shift, SpecialDay
from hub.model.rung import DepartmentLimits, Duty, Plan, Quiet, Rung
from hub.model.spelling import suggest

SECTIONS = ("roster", "day", "quiet", "plan", "limits")
SHIPPED = "escalation.toml"
T = TypeVar("T", bound=msgspec.Struct)
Spot = tuple[str | int, ...]


class Part(NamedTuple, Generic[T]):
    """A table that was read, where it stands, and how many problems there were before it."""

    table: T
    spot: Spot
    before: int

    def is_sound(self, reader: TomlReader) -> bool:
        """Tell whether nothing was wrong with it, up to now."""
        return len(reader.problems) == self.before


def read_duty(
    text: str,
    file: str,
    places: Mapping[str, Place] | None = None,
    names: Names = Names(),  # noqa: B008 - immutable
) -> tuple[Duty, tuple[Problem, ...]]:
    """Read a site's file, and what is wrong in it; `places` None are not to be looked at."""
    reader = TomlReader(text, file)
    reader.check_names(reader.tables, dict.fromkeys(SECTIONS))
    rosters = _read_rosters(reader)
    plans = _read_plans(reader, rosters, places)
    duty = Duty(
        plans=(*plans, *shipped_duty().plans),
        rosters=rosters,
        days=_read_days(reader),
        quiet=_read_quiet(reader),
        limits=_read_limits(reader),
    )
    check_names(reader, names)
    return duty, tuple(sorted(reader.problems, key=lambda each: (each.line, each.column)))


def shipped_duty() -> Duty:
    """Return what counts on a site without a file: the shipped plans, no roster, no quiet."""
    reader = TomlReader((files("hub.config") / SHIPPED).read_text("utf-8"), f"hub/config/{SHIPPED}")
    plans = tuple(_read_plans(reader, {}, None))
    if reader.problems:
        raise ConfigError(*reader.problems)
    return Duty(plans=tuple(msgspec.structs.replace(plan, shipped=True) for plan in plans))


def _tables(reader: TomlReader, type_: type[T], name: str) -> Iterable[Part[T]]:
    """Yield each table of an array, but for those that lack what is required."""
    yield from _inner(reader, type_, reader.tables.get(name, []), (name,))


def _inner(reader: TomlReader, type_: type[T], tables: object, spot: Spot) -> Iterable[Part[T]]:
    if not isinstance(tables, list):
        reader.add("each has a table of its own", *spot, hint=f"write [[{spot[-1]}]]")
        return
    for place, table in enumerate(tables):
        before = len(reader.problems)
        found = reader.read(type_, table, *spot, place)
        if found is not None:
            yield Part(found, (*spot, place), before)


def _read_rosters(reader: TomlReader) -> dict[str, Roster]:
    rosters: dict[str, Roster] = {}
    for part in _tables(reader, RosterTable, "roster"):
        table, spot = part.table, part.spot
        check_taken(reader, table.name, rosters, (*spot, "name"))
        check_both(reader, table.title, (*spot, "title"))
        shifts = tuple(_read_shifts(reader, table.shift, (*spot, "shift")))
        if {"zh", "en"} <= set(table.title):
            roster = Roster(name=table.name, title=table.title, shifts=shifts)
            rosters.setdefault(table.name, roster)
    return rosters


def _read_shifts(reader: TomlReader, tables: object, spot: Spot) -> Iterable[Shift]:
    for part in _inner(reader, ShiftTable, tables, spot):
        if part.table.turn != "all" and part.table.first is None:
            hint = "add the day of the first one's turn: first = 2026-11-30"
            reader.add("people who take turns need a first day", *part.spot, hint=hint)
        if part.is_sound(reader):
            yield part.table.shift()


def _read_days(reader: TomlReader) -> tuple[SpecialDay, ...]:
    days = []
    for part in _tables(reader, DayTable, "day"):
        if part.table.last is not None and part.table.last < part.table.first:
            reader.add("it ends before it begins", *part.spot, "to", hint="exchange from and to")
        if part.is_sound(reader):
            days.append(part.table.special())
    return tuple(days)


def _read_quiet(reader: TomlReader) -> Quiet:
    table = reader.read(QuietTable, reader.tables.get("quiet", {}), "quiet")
    return table.quiet() if table else Quiet()


def _read_limits(reader: TomlReader) -> tuple[DepartmentLimits, ...]:
    found: dict[Spot, DepartmentLimits] = {}
    for part in _tables(reader, LimitsTable, "limits"):
        table, is_sound = part.table, part.is_sound(reader)
        if is_sound:
            found[part.spot] = table.limits()
        if is_sound and not (table.sign or table.arrive or table.feed_back):
            reader.add("it sets no limit", *part.spot, hint='add sign = "30m"')
    limits = tuple(found.values())
    for spot, each in found.items():
        check_limits(reader, each, spot, limits)
    return limits


def _read_plans(
    reader: TomlReader, rosters: Mapping[str, Roster], places: Mapping[str, Place] | None
) -> list[Plan]:
    plans: dict[str, Plan] = {}
    for part in _tables(reader, PlanTable, "plan"):
        table, spot = part.table, part.spot
        check_taken(reader, table.name, plans, (*spot, "name"))
        if table.place and places is not None and table.place not in places:
            message = f"the site has no place '{table.place}'"
            reader.add(message, *spot, "place", hint=suggest(table.place, places))
        rungs = _read_rungs(reader, table, (*spot, "rung"), rosters)
        if part.is_sound(reader):
            plans[table.name] = _plan(table, rungs)
    return list(plans.values())


def _plan(table: PlanTable, rungs: Iterable[Rung]) -> Plan:
    return Plan(
        name=table.name,
        rungs=tuple(rungs),
        place=table.place,
        severities=table.severity,
        classes=table.class_,
        trades=table.trade,
        discreet=table.discreet,
    )


def _read_rungs(
    reader: TomlReader, plan: PlanTable, spot: Spot, rosters: Collection[str]
) -> list[Rung]:
    rungs: dict[str, Rung] = {}
    outside = False
    for part in _inner(reader, RungTable, plan.rung, spot):
        table, where = part.table, part.spot
        check_taken(reader, table.id, rungs, (*where, "id"))
        check_rung(reader, table, where, rosters, outside=outside)
        outside = outside or table.confirm
        if plan.discreet:
            check_discreet(reader, table, where)
        if part.is_sound(reader):
            rungs[table.id] = table.rung()
    if not plan.rung:
        reader.add("it has no rung", *spot[:-1], hint="add [[plan.rung]]")
    return list(rungs.values())
