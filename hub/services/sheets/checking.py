"""Compares a workbook that was read with the site: its faults, and what would change."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from hub.errors import Problem
from hub.model.area import Area
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, DeviceUid
from hub.model.site_load import Changes, Sheets
from hub.ports.site import SiteProof
from hub.services.registry import SiteRows, check_site, make_site
from hub.services.sheets.column import Form
from hub.services.sheets.fault import Faults, Words
from hub.services.sheets.people_rows import compare_people, read_people
from hub.services.sheets.reading import Reading, ReadSheet
from hub.services.sheets.row import Row, read_rows
from hub.services.sheets.saying import NOTES
from hub.services.sheets.table import DEVICES, SHEETS, core_names, required_names

T = TypeVar("T")
KEPT = ("places", "devices")
"""Sheets of which a workbook says that it is without them."""
METER_DIGITS = {12, 14}
LINES = {"line", "dtu"}
"""Kinds of links on which a meter is asked by its own number."""
UNITS = (1, 247)
"""Unit ids of Modbus."""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What a workbook is compared with; `links` maps each link to `mqtt`, `modbus` or `line`.

    `renaming` lets an id become another one.
    """

    sheets: Sheets
    models: Mapping[str, DeviceModel]
    known: Mapping[str, DeviceUid]
    links: Mapping[str, str]
    renaming: bool = False


def check_workbook(reading: Reading, file: str, ground: Ground) -> SiteProof:
    """Check everything at once; `file` names the workbook in messages."""
    books = {name: _book(name, reading.sheets.get(name), file, ground) for name in SHEETS}
    site = make_site(
        books["places"], books["devices"], ground.models, ground.known, areas=books["areas"]
    )
    read, known = reading.sheets, books["people"]
    people = read_people(known.rows, site.places, known.faults)
    if "devices" in read:
        for row in books["devices"].rows:
            _check_device(row, ground.links, books["devices"].faults)
    sheets = ground.sheets
    before, _ = check_site(
        sheets.devices, sheets.places, ground.models, ground.known, areas=sheets.areas
    )
    if not ground.renaming:
        _check_renamed(books["devices"], before.devices)
    problems = _merge(reading, books)
    notes = reading.notes + [_kept(name) for name in KEPT if read and name not in read]
    if problems:
        return SiteProof(problems=problems, notes=notes)
    enlisting, staying = compare_people(sheets.people, people)
    if "people" in read and staying:
        notes.append(_note("people_kept", {"count": staying}))
    return SiteProof(
        problems=[],
        notes=notes,
        devices=_compare(_plain(before.devices), _plain(site.devices)),
        places=_compare(before.places, site.places),
        areas=_compare(_by_id(before.areas), _by_id(site.areas)),
        people=enlisting if "people" in read else None,
        count=len(site.devices),
        sheets=_sheets(read, sheets),
    )


def add_row(sheets: Sheets, name: str, cells: Mapping[str, str]) -> Reading:
    """Return a site's own sheet with one row more, as if a workbook had it."""
    return edit_rows(sheets, name, lambda rows: [*rows, cells])


def edit_rows(
    sheets: Sheets,
    name: str,
    edit: Callable[[Sequence[Mapping[str, str]]], Sequence[Mapping[str, str]]],
) -> Reading:
    """Return a site's own sheet with other rows, as if a workbook had it."""
    rows = edit([row.cells for row in read_rows(getattr(sheets, name), (), Faults(""))])
    header = list(dict.fromkeys((*core_names(name), *(key for row in rows for key in row))))
    lines = [(line, [row.get(key, "") for key in header]) for line, row in enumerate(rows, start=2)]
    return Reading(sheets={name: ReadSheet(title=name, sound=True, header=header, rows=lines)})


def _book(name: str, sheet: ReadSheet | None, file: str, ground: Ground) -> SiteRows:
    """Return the rows of a sheet; those that the site has where the workbook is without it."""
    if sheet is None:
        text = getattr(ground.sheets, name)
        faults = Faults(getattr(ground.sheets, f"{name}_file"))
        return SiteRows(read_rows(text, required_names(name), faults) if text else [], faults)
    faults = Faults(file, sheet.title)
    faults.set_columns(sheet.header)
    return SiteRows(list(_rows(sheet)) if sheet.sound else [], faults)


def _rows(sheet: ReadSheet) -> Iterable[Row]:
    width = len(sheet.header)
    for line, cells in sheet.rows:
        padded = cells + [""] * (width - len(cells))
        yield Row(line=line, cells={k: v for k, v in zip(sheet.header, padded, strict=False) if k})


def _check_device(row: Row, links: Mapping[str, str], faults: Faults) -> None:
    """Check what a sheet beside the hub's own need not have right: it would only never be heard."""
    link = row.cells.get("link") or "mqtt"
    address = row.cells["address"]
    if link not in links:
        faults.add_unknown(row.line, "link", link, known=dict.fromkeys(links), what="link")
    elif links[link] in LINES and not (address.isdigit() and len(address) in METER_DIGITS):
        faults.add("digits", {"word": address}, line=row.line, column="address")
    elif links[link] == "modbus" and not _is_unit(address):
        words = {"word": address, "low": UNITS[0], "high": UNITS[1]}
        faults.add("not_between", words, line=row.line, column="address")
    for column in DEVICES:
        word = row.cells.get(column.name)
        if column.form is Form.CHOICE and not column.core and word and word not in column.choices:
            faults.add_unknown(row.line, column.name, word, known=column.choices, what="word")


def _check_renamed(book: SiteRows, before: Iterable[Device]) -> None:
    """An id that changes in the sheet is a slip of the pen, or wants to be a renaming."""
    by_address = {(device.link, device.address): device.id for device in before}
    written = {row.cells["id"] for row in book.rows}
    known = set(by_address.values())
    for row in book.rows:
        name, address = row.cells["id"], row.cells["address"]
        old = by_address.get((row.cells.get("link") or "mqtt", address), name)
        if name and name not in known and old not in written:
            words = {"word": name, "before": old, "address": address}
            book.faults.add("renamed", words, line=row.line, column="id")


def _is_unit(address: str) -> bool:
    return address.isascii() and address.isdigit() and UNITS[0] <= int(address) <= UNITS[1]


def _merge(reading: Reading, books: Mapping[str, SiteRows]) -> list[Problem]:
    """Return all problems in reading order; a cell that cannot be read is told once.

    Without a sound sheet of places nobody knows which places are missing.
    """
    told = {(each.sheet, each.line, each.column) for each in reading.problems}
    places = reading.sheets.get("places")
    blind = places is not None and not places.sound
    found = [
        each
        for book in books.values()
        for each in book.faults.problems
        if (each.sheet, each.line, each.column) not in told
        and not (blind and each.message.startswith("place: no place"))
    ]
    order = [sheet.title for sheet in reading.sheets.values()]
    return sorted(
        (*reading.problems, *found),
        key=lambda each: (
            order.index(each.sheet) if each.sheet in order else -1,
            each.line,
            each.column,
        ),
    )


def _kept(name: str) -> dict[str, str]:
    return _note("sheet_kept", {"sheet": name})


def _note(code: str, words: Words) -> dict[str, str]:
    said = NOTES[code].fill(words)
    return {"zh": said.zh, "en": said.en}


def _plain(devices: Iterable[Device]) -> dict[str, Device]:
    none = DeviceUid("")
    return {each.id: msgspec.structs.replace(each, uid=none) for each in devices}


def _by_id(areas: Iterable[Area]) -> dict[str, Area]:
    return {area.id: area for area in areas}


def _compare(before: Mapping[str, T], after: Mapping[str, T]) -> Changes:
    return Changes(
        added=[name for name in after if name not in before],
        changed=[name for name in after if name in before and after[name] != before[name]],
        removed=[name for name in before if name not in after],
    )


def _sheets(read: Mapping[str, ReadSheet], kept: Sheets) -> Sheets:
    texts = {name: _write(read.get(name), name, getattr(kept, name)) for name in SHEETS}
    return Sheets(**texts)  # type: ignore[arg-type]


def _write(sheet: ReadSheet | None, name: str, kept: bytes) -> bytes:
    """Write a sheet as CSV: the site's own columns first, then those that the workbook has."""
    if sheet is None:
        return kept
    # A column of people that is not there says nothing, so it must not be written as empty.
    core = core_names(name) if name != "people" else ()
    header = [*core, *(each for each in sheet.header if each and each not in core)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in _rows(sheet):
        writer.writerow([row.cells.get(column, "") for column in header])
    return text.getvalue().encode()
