"""The books of a site as they were loaded from a workbook, and what a load changes."""

from __future__ import annotations

import zlib

import msgspec

SITE_LOADS = "site_load"
"""The collection of loads, by number."""


class Sheets(msgspec.Struct, frozen=True, kw_only=True):
    """The sheets of a site as CSV, and what they are called in messages.

    `people` are those who can sign in now, empty where nobody may see them: they are documents of
    their own, and no part of a load.
    """

    devices: bytes
    places: bytes
    areas: bytes = b"id,name,kind,places,holder,since,until\n"
    people: bytes = b""
    devices_file: str = "devices.csv"
    places_file: str = "places.csv"
    areas_file: str = "areas"
    people_file: str = "people"


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is new, different and gone: ids of devices, or paths of places."""

    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []


class Enlisted(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom a load has added or changed: what it gave, and what was before.

    `was` is None for who was not there, or shut out.
    """

    name: str
    gave: tuple[str, str, str]
    """Role, place and telephone number."""
    was: tuple[str, str, str] | None = None


class SiteLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One load of a workbook; `before` is the load that counted until then, 0 the site's files.

    `packed` are the sheets, compressed, without the people: of these `enlisted` are kept. `files`
    are the digests of the site's files as they were then, so that an edit of them is not lost in
    silence. One that was taken back has `undone_at`.
    """

    number: int
    at: float
    actor: str
    file: str
    before: int
    count: int
    devices: dict[str, int] = {}
    places: dict[str, int] = {}
    areas: dict[str, int] = {}
    people: dict[str, int] = {}
    """How many were `added`, `changed` and `removed`."""
    packed: dict[str, bytes] = {}
    files: dict[str, str] = {}
    undone_at: float | None = None
    undone_by: str = ""
    enlisted: tuple[Enlisted, ...] = ()

    @property
    def sheets(self) -> Sheets:
        """The sheets that were loaded, named by the load."""
        texts = {name: zlib.decompress(packed) for name, packed in self.packed.items()}
        files = {f"{name}_file": f"{self.file} ({name}, load {self.number})" for name in texts}
        return Sheets(**texts, **files)  # type: ignore[arg-type]


def pack(sheets: Sheets) -> dict[str, bytes]:
    """Compress the sheets of things: 10,000 devices are some 100 KB."""
    return {name: zlib.compress(getattr(sheets, name)) for name in ("devices", "places", "areas")}


def count_changes(changes: Changes) -> dict[str, int]:
    """Return how many are new, different and gone."""
    return {name: len(getattr(changes, name)) for name in Changes.__struct_fields__}
