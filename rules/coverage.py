"""The fault catalogue of the trade: which rules watch for a fault, or what is missing."""

from __future__ import annotations

import tomllib

import msgspec

from hub.model.alarm import Severity

Words = dict[str, str]
"""The same in `zh` and `en`."""


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault; it has `rules`, or what else does the work (`by`), or what it still `needs`.

    `severity` and `hours` (to finish) are the catalogue's own, None for what raises no alarm;
    `note` says what of the row its rules leave out, or why they are graver or milder, `later` why
    they give more hours.
    """

    fault: Words
    severity: Severity | None = None
    hours: int | None = None
    rules: tuple[str, ...] = ()
    by: Words | None = None
    needs: Words | None = None
    note: Words | None = None
    later: Words | None = None


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The faults of one sort of device; `at` is where the catalogue has them."""

    at: str
    name: Words
    row: tuple[Row, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    section: tuple[Section, ...]


def read_catalogue(text: str) -> tuple[Section, ...]:
    """Return the sections of `rules/catalogue.toml`; raises msgspec.ValidationError."""
    return msgspec.convert(tomllib.loads(text), _File).section
