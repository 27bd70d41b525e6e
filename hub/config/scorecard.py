"""Reads the file of the scorecard; where its weights do not fit none of it counts."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from hub.config.toml_reader import TomlReader
from hub.errors import Problem
from hub.model.scorecard import (
    FIGURES,
    FULL,
    LEAST_PUBLIC,
    PUBLIC_JUDGES,
    Criterion,
    Judge,
    Scorecard,
)

Id = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="small letters, digits and -")
]
Weight = Annotated[int, Meta(ge=1, le=FULL, description="whole percent, 1 to 100")]


class CriterionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[criterion]]`."""

    id: Id
    name: dict[str, str]
    by: Annotated[Judge, Meta(description=f"one of: {', '.join(Judge)}")]
    weight: Weight
    figure: Annotated[str, Meta(description=f"one of: {', '.join(FIGURES)}")] = ""


def parse_scorecard(text: str, file: str) -> tuple[Scorecard, tuple[Problem, ...]]:
    """Return the scorecard, and all that is wrong with it; with a fault it has no criteria."""
    reader = TomlReader(text, file)
    reader.check_names(reader.tables, {"criterion": None})
    rows = _rows(reader)
    for place, row in enumerate(rows):
        _check_row(reader, place, row, [each.id for each in rows[:place]])
    if reader.is_toml and not reader.problems:
        _check_weights(reader, rows)
    criteria = tuple(Criterion(**msgspec.structs.asdict(row)) for row in rows)
    return Scorecard(criteria=() if reader.problems else criteria), tuple(reader.problems)


def _rows(reader: TomlReader) -> list[CriterionRow]:
    tables = reader.tables.get("criterion", [])
    if not isinstance(tables, list):
        reader.add("each has a table of its own", "criterion", hint="write [[criterion]]")
        return []
    read = (reader.read(CriterionRow, each, "criterion", n) for n, each in enumerate(tables))
    return [row for row in read if row is not None]


def _check_row(reader: TomlReader, place: int, row: CriterionRow, before: list[str]) -> None:
    if row.id in before:
        reader.add(f"'{row.id}' stands twice", "criterion", place, "id", hint="rename one")
    if set(row.name) != {"zh", "en"}:
        hint = '{ zh = "…", en = "…" }'
        reader.add("it needs zh and en", "criterion", place, "name", hint=hint)
    if row.figure and row.figure not in FIGURES:
        hint = f"one of: {', '.join(FIGURES)}"
        reader.add(f"there is no figure '{row.figure}'", "criterion", place, "figure", hint=hint)
    if row.figure and row.by in PUBLIC_JUDGES:
        hint = "take 'figure' out, or write by = 'records'"
        reader.add("street and community judge themselves", "criterion", place, "by", hint=hint)
    if not row.figure and row.by is Judge.RECORDS:
        reader.add("records need a figure", "criterion", place, "by", hint="add 'figure'")


def _check_weights(reader: TomlReader, rows: list[CriterionRow]) -> None:
    total = sum(row.weight for row in rows)
    public = sum(row.weight for row in rows if row.by in PUBLIC_JUDGES)
    if total != FULL:
        reader.add(f"the weights sum to {total}", "criterion", hint=f"they have to sum to {FULL}")
    if public < LEAST_PUBLIC:
        hint = f"they weigh {LEAST_PUBLIC} at least, together"
        reader.add(f"street and community weigh {public}", "criterion", hint=hint)
