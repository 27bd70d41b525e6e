"""Settings of the store: its file, and for how many days it keeps what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

Days = Annotated[int, Meta(ge=2, le=36_500)]


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The embedded store's file, and days for which each kind of data is kept.

    What may concern people has an upper limit: nobody can set it to be kept for ever.
    """

    path: Path = Path("lingdang.db")
    reserve_megabytes: Annotated[int, Meta(ge=0, le=4096)] = 64
    """Kept free for orders on a full disk; with 0 a full disk takes none."""
    keep_readings: Days = 90
    keep_hours: Days = 1095
    keep_device_events: Days = 1095
    keep_access_events: Annotated[int, Meta(ge=1, le=180)] = 180
    keep_vehicle_events: Annotated[int, Meta(ge=1, le=30)] = 30
    keep_quarantine: Annotated[int, Meta(ge=1, le=30)] = 7
    keep_newcomers: Annotated[int, Meta(ge=1, le=365)] = 90
    keep_reports: Annotated[int, Meta(ge=7, le=180)] = 180
    """Phones, words and photos of reports; who reported may reopen within 7 days."""

    @property
    def reserve_bytes(self) -> int:
        """Return the size of the reserve, in bytes."""
        return self.reserve_megabytes * 1024 * 1024
