"""联席会议: what a joint meeting has to talk about, and what it has decided."""

from __future__ import annotations

from enum import StrEnum

import msgspec

MEETINGS = "meeting"
"""The collection of the documents; the key is `Meeting.id`."""


class MatterKind(StrEnum):
    """反复发生 repeated · 挂账 shelved · 无人负责 ownerless · 承诺未兑现 undelivered."""

    REPEATED = "repeated"
    SHELVED = "shelved"
    OWNERLESS = "ownerless"
    UNDELIVERED = "undelivered"


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """One matter, with why it is on the list, and the tickets or the project behind it.

    `id` is the same as long as it is the same matter; `title` and `why` are in both languages.
    """

    id: str
    kind: MatterKind
    title: dict[str, str]
    why: dict[str, str]
    place: str
    subject: str = ""
    since: float
    tickets: tuple[str, ...] = ()
    project: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about a matter: what is done, by which body, until when."""

    id: str
    matter: str
    text: str
    body: str
    by: float
    actor: str
    at: float
    done_at: float | None = None
    done_by: str = ""
    result: str = ""

    def is_late(self, now: float) -> bool:
        """Tell whether it is not carried out though its time is over."""
        return self.done_at is None and self.by < now


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting with its agenda as it was when it was called; `place` is whose it is.

    `held_at` is the begin of its day.
    """

    id: str
    held_at: float
    place: str
    matters: tuple[Matter, ...]
    decisions: tuple[Decision, ...] = ()
    actor: str
    at: float

    def decided(self, matter: str) -> tuple[Decision, ...]:
        """Return what was decided about a matter."""
        return tuple(each for each in self.decisions if each.matter == matter)
