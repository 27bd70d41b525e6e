"""A photo of a ticket: what is known of it; the picture itself is kept apart, and sealed."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.whistle import personal_key


class Moment(StrEnum):
    """When it was taken: with a report, before the repair (修前) or after it (修后)."""

    REPORT = "report"
    BEFORE = "before"
    AFTER = "after"


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A JPEG that was made here: upright, without anything but the picture; sides in pixels."""

    body: bytes
    width: int
    height: int


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """One photo; `id` comes of its content and its ticket, `size` is in bytes.

    `done_at` is when it was taken, where it came later than that.
    """

    id: str
    ticket: str
    place: str
    moment: Moment
    actor: str
    at: float
    size: int
    width: int
    height: int
    done_at: float | None = None

    @property
    def personal_key(self) -> str:
        """Return under which key the store has the picture."""
        return personal_key(self.at, self.id)
