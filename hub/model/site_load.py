"""The books of a site as they were loaded from a workbook, and what a load changes."""

from __future__ import annotations

import zlib

import msgspec

SITE_LOADS = "site_load"
"""The collection of loads, by number."""


class Sheets(msgspec.Struct, frozen=True, kw_only=True):
    """The two sheets of a site as CSV, and what they are called in messages."""

    devices: bytes
    places: bytes
    devices_file: str = "devices.csv"
    places_file: str = "places.csv"


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What is new, different and gone: ids of devices, or paths of places."""

    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []


class SiteLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One load of a workbook; `before` is the load that counted until then, 0 the site's files.

    `packed` are both sheets, compressed. `files` are the digests of the site's files as they were
    then, so that an edit of them is not lost in silence. One that was taken back has `undone_at`.
    """

    number: int
    at: float
    actor: str
    file: str
    before: int
    count: int
    devices: dict[str, int] = {}
    places: dict[str, int] = {}
    """How many were `added`, `changed` and `removed`."""
    packed: dict[str, bytes] = {}
    files: dict[str, str] = {}
    undone_at: float | None = None
    undone_by: str = ""

    @property
    def sheets(self) -> Sheets:
        """The sheets that were loaded, named by the load."""
        return Sheets(
            devices=zlib.decompress(self.packed["devices"]),
            places=zlib.decompress(self.packed["places"]),
            devices_file=f"{self.file} (devices, load {self.number})",
            places_file=f"{self.file} (places, load {self.number})",
        )


def pack(sheets: Sheets) -> dict[str, bytes]:
    """Compress both sheets: 10,000 devices are some 100 KB."""
    return {
        "devices": zlib.compress(sheets.devices),
        "places": zlib.compress(sheets.places),
    }


def count_changes(changes: Changes) -> dict[str, int]:
    """Return how many are new, different and gone."""
    return {name: len(getattr(changes, name)) for name in Changes.__struct_fields__}
