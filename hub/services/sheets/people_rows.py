"""Reads the rows of the sheet of people; what cannot be right is a fault."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence

from hub.model.access import Role
from hub.model.login import LONGEST_NAME, is_name, is_phone
from hub.model.site_load import Changes
from hub.services.sheets.checking_rows import check_choices, check_filled, check_taken
from hub.services.sheets.community_columns import PEOPLE
from hub.services.sheets.fault import Faults
from hub.services.sheets.row import Row, read_rows

FIELDS = ("role", "place", "phone")
_HINTS = {
    "name": (
        is_name,
        f"姓名只能用文字、数字、空格和 . - _，最多 {LONGEST_NAME} 个字",
        f"letters and digits, up to {LONGEST_NAME}, with . - _ and spaces in between",
    ),
    "phone": (
        is_phone,
        "电话请填数字，如 13900000000 或 027-81234567",
        "write digits, such as 13900000000 or 027-81234567",
    ),
}


def read_people(rows: list[Row], places: Collection[str], faults: Faults) -> list[dict[str, str]]:
    """Return the cells of the sound rows, names as they are kept; `places` are the paths."""
    for row in rows:
        row.cells["name"] = unicodedata.normalize("NFC", row.cells["name"])
        check_filled(row, PEOPLE, faults)
        check_choices(row, PEOPLE, faults)
        _check_words(row, faults)
        _check_place(row, places, faults)
    check_taken(rows, "name", faults)
    bad = {problem.line for problem in faults.problems}
    return [row.cells for row in rows if row.line not in bad]


def compare_people(before: bytes, after: Sequence[Mapping[str, str]]) -> tuple[Changes, int]:
    """Return who would be added or changed, and how many of `before` (CSV) stay as they are.

    What a sheet has no column for stays.
    """
    known = {row.cells["name"]: row.cells for row in read_rows(before, (), Faults("")) if before}
    wanted = {cells["name"]: cells for cells in after}
    both = [name for name in wanted if name in known]
    changed = [name for name in both if _differs(wanted[name], known[name])]
    added = [name for name in wanted if name not in known]
    return Changes(added=added, changed=changed), len(known.keys() - wanted.keys())


def _differs(wanted: Mapping[str, str], known: Mapping[str, str]) -> bool:
    return any(wanted[name] != known.get(name, "") for name in FIELDS if name in wanted)


def _check_words(row: Row, faults: Faults) -> None:
    for column, (fits, zh, en) in _HINTS.items():
        word = row.cells.get(column, "")
        if word and not fits(word):
            words = {"word": word, "zh_hint": zh, "en_hint": en}
            faults.add("unusable", words, line=row.line, column=column)


def _check_place(row: Row, places: Collection[str], faults: Faults) -> None:
    place = row.cells.get("place", "")
    if place and place not in places:
        known = dict.fromkeys(places)
        faults.add_unknown(row.line, "place", place, known=known, what="place")
    elif not place and row.cells["role"] == Role.BUILDING_HEAD:
        faults.add("no_building", line=row.line, column="place")
