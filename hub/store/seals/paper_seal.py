"""Documents that tell of people, sealed by the key of their day: what was reported, and photos."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from hub.model.whistle import PERSONAL
from hub.ports import Document
from hub.store.seals.day_key import DayKeys, Shelf, about, day_of

_SEALED = b"\xc1"
"""How sealed bodies begin; neither JSON nor a picture does."""
_OLDEST = "SELECT min(key) FROM document WHERE collection = ?"
_STAMP = 10
"""Digits of the epoch second that keys of personal documents begin with: the oldest sorts first."""


def seal_papers(documents: Iterable[Document], days: DayKeys) -> list[Document]:
    """Return the documents as they are stored; StoreError where a day's key cannot be written."""
    return [each if each.personal_at is None else _seal(each, days) for each in documents]


def open_paper(collection: str, key: str, body: bytes, days: DayKeys) -> bytes | None:
    """Return a body as it was given; None where the key of its day is gone."""
    if not body.startswith(_SEALED):
        return body
    return days.unseal(body[len(_SEALED) :], about=about(collection, key))


def forget_days(connection: sqlite3.Connection, days: DayKeys, now: float) -> int:
    """Delete the keys of days of which no document is left; return how many those were.

    Keys go only behind their rows, so that whoever deletes documents decides how long they are
    kept, and a clock that has jumped ahead destroys nothing here.
    """
    oldest = connection.execute(_OLDEST, (PERSONAL,)).fetchone()[0]
    before = now if oldest is None else min(now, float(oldest[:_STAMP]))
    return days.forget(Shelf.REPORTS, day_of(before))


def _seal(document: Document, days: DayKeys) -> Document:
    if document.body is None or document.personal_at is None:
        return document
    what = about(document.collection, document.key)
    sealed = days.seal(document.body, Shelf.REPORTS, at=document.personal_at, about=what)
    return msgspec.structs.replace(document, body=_SEALED + sealed)
