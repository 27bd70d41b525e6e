"""Reads the rows of the sheet of areas; what cannot be right is a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from hub.model.area import Area, AreaKind
from hub.model.place import Place
from hub.services.sheets.checking_rows import check_choices, check_filled, check_taken
from hub.services.sheets.community_columns import AREAS
from hub.services.sheets.fault import Faults
from hub.services.sheets.row import Row

_BETWEEN = re.compile(r"[\s,，;；、]+")


def read_areas(rows: list[Row], places: Mapping[str, Place], faults: Faults) -> tuple[Area, ...]:
    """Return the sound areas; `places` are the site's by path."""
    for row in rows:
        check_filled(row, AREAS, faults)
        check_choices(row, AREAS, faults)
        _check_places(row, places, faults)
        _check_days(row, faults)
    check_taken(rows, "id", faults)
    bad = {problem.line for problem in faults.problems}
    return tuple(_make_area(row) for row in rows if row.line not in bad)


def _paths(row: Row) -> Iterable[str]:
    return [each for each in _BETWEEN.split(row.cells["places"]) if each]


def _check_places(row: Row, places: Mapping[str, Place], faults: Faults) -> None:
    for path in _paths(row):
        if path not in places:
            faults.add_unknown(row.line, "places", path, known=places, what="place")


def _check_days(row: Row, faults: Faults) -> None:
    since, until = row.cells.get("since", ""), row.cells.get("until", "")
    if until and until < since:
        faults.add("ends_first", {"word": until, "since": since}, line=row.line, column="until")


def _make_area(row: Row) -> Area:
    cells = row.cells
    return Area(
        id=cells["id"],
        name=cells["name"],
        kind=AreaKind(cells["kind"]),
        places=tuple(_paths(row)),
        **{name: cells.get(name, "") for name in ("holder", "since", "until")},
    )
