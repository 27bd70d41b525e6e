"""Which reports and photos are past their time, and what deletes them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from hub.model.photo import Photo
from hub.model.whistle import PERSONAL, Report
from hub.ports import Document

DAY = 86_400.0
AT_ONCE = DAY
"""Seconds of the oldest that go in one turn: a clock that has jumped ahead destroys little before
somebody sees it."""


class Old(msgspec.Struct, frozen=True, kw_only=True):
    """What goes now."""

    reports: Sequence[Report]
    photos: Sequence[Photo]

    def is_empty(self) -> bool:
        """Tell whether nothing goes."""
        return not (self.reports or self.photos)


def find_old(
    reports: Collection[Report], photos: Collection[Photo], *, now: float, keep_days: int
) -> Old:
    """Return what is past its time, of the oldest day only."""
    instants = [*(each.at for each in reports), *(each.at for each in photos)]
    before = min(now - keep_days * DAY, min(instants, default=now) + AT_ONCE)
    return Old(
        reports=[each for each in reports if each.at < before],
        photos=[each for each in photos if each.at < before],
    )


def deletions(old: Old) -> Iterator[Document]:
    """Yield the documents that delete it."""
    for report in old.reports:
        yield Document(collection="report", key=report.id, body=None)
        yield Document(collection=PERSONAL, key=report.personal_key, body=None)
    for photo in old.photos:
        yield Document(collection="photo", key=photo.id, body=None)
        yield Document(collection=PERSONAL, key=photo.personal_key, body=None)
