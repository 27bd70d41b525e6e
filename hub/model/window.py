"""A window in which some alarms are expected: maintenance of a device or place, or a notice."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class WindowKind(StrEnum):
    """检修 maintenance: somebody works there; 公告 notice: 停水, 停电 and the like, told to all."""

    MAINTENANCE = "maintenance"
    NOTICE = "notice"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """One window; instants in epoch seconds, `ended_at` where somebody has ended it early.

    It is for one device (by its id) or for a place and all below it; `kinds` are the kinds of
    devices that it explains, all where it is empty.
    """

    id: str
    kind: WindowKind
    text: dict[str, str]
    start: float
    end: float
    device: str = ""
    place: str = ""
    kinds: tuple[str, ...] = ()
    actor: str = ""
    ended_at: float | None = None
    ended_by: str = ""

    def counts(self, now: float) -> bool:
        """Tell whether it is in force."""
        return self.start <= now < (self.end if self.ended_at is None else self.ended_at)
