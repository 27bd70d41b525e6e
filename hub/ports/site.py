"""The office for the books of the site: workbooks come in, are checked, loaded and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.errors import Problem
from hub.model.access import Identity
from hub.model.site_load import Changes, Sheets, SiteLoad


class SiteProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a workbook would do; with a problem it does nothing. `notes` are in both languages."""

    problems: list[Problem]
    notes: list[dict[str, str]]
    devices: Changes = Changes()
    places: Changes = Changes()
    count: int = 0
    """Devices in the books afterwards."""
    sheets: Sheets | None = None
    """What would be loaded; None with a problem."""


class SiteOffice(Protocol):
    """Loads workbooks; what it loads counts once the hub has started again, by itself."""

    async def check(self, data: bytes, file: str) -> SiteProof:
        """Check a workbook, and write nothing; `file` names it in messages."""
        ...

    async def load(
        self, data: bytes, file: str, who: Identity, *, remove: bool = False
    ) -> SiteLoad:
        """Load a workbook in one commit; ConfigError with every fault where it has one.

        Raises ConflictError where devices would go that nobody has said may go (`remove`).
        """
        ...

    async def undo(self, who: Identity) -> SiteLoad:
        """Take back the newest load as a whole; ConflictError where there is none."""
        ...

    async def loads(self) -> Sequence[SiteLoad]:
        """Return the loads that are kept, newest first."""
        ...

    async def export(self) -> bytes:
        """Return the books that count as a workbook (XLSX)."""
        ...
