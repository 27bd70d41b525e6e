"""The people of a site as a sheet, and a sheet of people as who is wanted."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import msgspec

from hub.access.enlisting import Listed
from hub.access.record import Person
from hub.model.access import Role
from hub.services.sheets.fault import Faults
from hub.services.sheets.row import read_rows

HEADER = ("name", "role", "place", "phone")


def write_people(bodies: Mapping[str, bytes]) -> bytes:
    """Write those who can sign in as CSV; who was shut out is left out."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for body in bodies.values():
        person = msgspec.json.decode(body, type=Person)
        if not person.disabled:
            writer.writerow((person.name, person.role.value, person.scope, person.phone))
    return text.getvalue().encode()


def read_wanted(sheet: bytes, known: bytes) -> list[Listed]:
    """Read a checked sheet; what it has no column for stays as `known` has it."""
    before = {row.cells["name"]: row.cells for row in read_rows(known, (), Faults(""))}
    found = []
    for row in read_rows(sheet, (), Faults("")):
        cells = {**before.get(row.cells["name"], {}), **row.cells}
        found.append(
            Listed(
                name=cells["name"],
                role=Role(cells["role"]),
                place=cells.get("place", ""),
                phone=cells.get("phone", ""),
            )
        )
    return found
