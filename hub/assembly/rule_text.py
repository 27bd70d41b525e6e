"""Texts of rules that somebody has written on the site: what is in them, and what is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import Problem
from hub.ports import RuleFault
from hub.services.rule_shelf import PARAMETERS, SCHEDULE
from rules.override import TABLE, write_overrides
from rules.schedule import ALL_DAY, DAYS, write_schedule
from rules.source import cut_rules

DRAFT = "text"
"""The name of a text that has no version yet, in what is said of its faults."""


def ids_of(text: str) -> tuple[str, ...]:
    """Return the ids of a text's rules; none of a text that is no TOML."""
    try:
        return tuple(filter(None, map(id_of, cut_rules(text))))
    except tomllib.TOMLDecodeError:
        return ()


def id_of(part: str) -> str:
    """Return the id of the first rule of a text; raises TOMLDecodeError."""
    tables = tomllib.loads(part).get("rule", [])
    first = tables[0] if isinstance(tables, list) and tables else {}
    return str(first.get("id", "")) if isinstance(first, dict) else ""


def schedules_of(text: str) -> dict[str, str]:
    """Return the schedules of a text, each under its version's name as a text of its own."""
    tables = tomllib.loads(text).get("schedule", {})
    return {
        f"{SCHEDULE}{name}": write_schedule(name, *days_and_times(table))
        for name, table in tables.items()
    }


def parameters_of(text: str) -> dict[str, str]:
    """Return what a text sets of rules' parameters, each rule's under its version's name."""
    tables = tomllib.loads(text).get(TABLE, [])
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for table in tables:
        by_rule.setdefault(table["rule"], []).append(table)
    return {f"{PARAMETERS}{rule}": write_overrides(rule, each) for rule, each in by_rule.items()}


def days_and_times(table: Mapping[str, Sequence[str]]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the days and times of a schedule's table that has been checked."""
    return table.get("days", DAYS), table.get("times", [ALL_DAY])


def foreign_tables(text: str, names: Sequence[str]) -> list[RuleFault]:
    """Tell of what is missing, or belongs into the site's files."""
    said = []
    if not names and not schedules_of(text) and not parameters_of(text):
        said.append("there is no [[rule]] in it / 没有 [[rule]]")
    return [RuleFault(line=1, column=1, message=message) for message in said]


def to_fault(problem: Problem) -> RuleFault:
    """Tell a problem as a fault of the text; one elsewhere names its file."""
    elsewhere = "" if problem.file == DRAFT else f"{problem.file}: "
    return RuleFault(
        line=problem.line if not elsewhere else 0,
        column=problem.column if not elsewhere else 0,
        message=elsewhere + problem.message,
        hint=problem.hint,
    )


def to_problem(fault: RuleFault) -> Problem:
    """Tell a fault of a text as a problem of a file."""
    return Problem(
        file=DRAFT, line=fault.line, column=fault.column, message=fault.message, hint=fault.hint
    )
