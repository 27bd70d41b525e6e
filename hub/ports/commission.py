"""What people see and do of devices that come into service, and leave it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hub.model.acceptance import Acceptance, Line
from hub.model.access import Identity
from hub.model.device import Device, Lifecycle


class AcceptanceView(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet with its lines; `numbers` are those of all sheets of the device.

    `missing` counts the lines that keep it from being signed.
    """

    sheet: Acceptance
    place: str
    lines: tuple[Line, ...]
    missing: int
    numbers: tuple[int, ...]


class CommissionOffice(Protocol):
    """Where a device's state is changed; each call is in the store when it returns.

    All raise NotFoundError for a device that is not there, or not this person's to see.
    """

    def sheets(self, who: Identity) -> Sequence[AcceptanceView]:
        """Return the newest sheet of each device that ever was commissioned, open ones first."""
        ...

    def sheet(self, device_id: str, who: Identity, number: int = 0) -> AcceptanceView:
        """Return one sheet of a device, the newest for 0; NotFoundError where there is none."""
        ...

    async def change(self, device_id: str, to: Lifecycle, why: str, who: Identity) -> Device:
        """Put a device into another state; ConflictError where it cannot follow."""
        ...

    async def excuse(self, device_id: str, rule: str, why: str, who: Identity) -> AcceptanceView:
        """Leave out a fault that cannot be tried; an empty reason takes that back."""
        ...

    async def sign(
        self, device_id: str, accompanied: str, note: str, who: Identity
    ) -> AcceptanceView:
        """Accept a device, which puts it in service; ConflictError while faults are missing."""
        ...
