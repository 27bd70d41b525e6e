"""The office for the books of the site: workbooks come in, are checked, loaded and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from hub.errors import Problem
from hub.model.access import Identity
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Kind, Lifecycle
from hub.model.pairing import Pairing
from hub.model.site_load import Changes, Sheets, SiteLoad
from hub.ports.reader import DeviceView


class SiteProof(msgspec.Struct, frozen=True, kw_only=True):
    """What a workbook would do; with a problem it does nothing. `notes` are in both languages."""

    problems: list[Problem]
    notes: list[dict[str, str]]
    devices: Changes = Changes()
    places: Changes = Changes()
    areas: Changes = Changes()
    people: Changes | None = None
    """Who would be added or changed; None where the workbook says nothing of people."""
    count: int = 0
    """Devices in the books afterwards."""
    sheets: Sheets | None = None
    """What would be loaded; None with a problem."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A load, and the one-time code of each person whom it has let in, by name: kept nowhere."""

    load: SiteLoad
    codes: Mapping[str, str]


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """What a stranger may be, and why; `model` is empty where several would do."""

    kinds: tuple[Kind, ...]
    model: str
    reason: dict[str, str]


class Stranger(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks and is not in the books; `near` is a device not heard now that may be meant."""

    link: str
    address: str
    first_seen: float
    last_seen: float
    count: int
    guess: Guess | None
    near: str = ""


class Roll(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the books were heard, who never was, and the strangers."""

    heard: int
    absent: tuple[Device, ...]
    strangers: tuple[Stranger, ...]


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """A newcomer that is to be in the books (登记): what it is, where, and how it is called.

    It begins in `commissioning`, so that it rings nobody before its faults were tried.
    """

    link: str
    address: str
    id: str
    model: str
    place: str
    name: str = ""
    state: Lifecycle = Lifecycle.COMMISSIONING


class Renaming(msgspec.Struct, frozen=True, kw_only=True):
    """Another id for a device; `again` is the id that it has, typed once more."""

    id: str
    again: str
    why: str


class HardwareSwap(msgspec.Struct, frozen=True, kw_only=True):
    """Other hardware for a device: what is None stays. `at` is RFC 3339, now where it is empty.

    `closing` are the last readings of the old one's counters by point, the hub's own latest where
    it is left out; `opening` the first ones of the new one's. `serial` is the new one's number.
    """

    why: str
    link: str | None = None
    address: str | None = None
    model: str | None = None
    serial: str | None = None
    closing: dict[str, float] = {}
    opening: dict[str, float] = {}
    at: str = ""


class PairingWish(msgspec.Struct, frozen=True, kw_only=True):
    """A pairing window to be opened: for devices at or below a place, of one model or of any."""

    place: str
    model: str = ""
    minutes: int = 30
    why: str = ""


class SiteOffice(Protocol):
    """Loads workbooks; what it loads counts once the hub has started again, by itself."""

    async def check(self, data: bytes, file: str) -> SiteProof:
        """Check a workbook, and write nothing; `file` names it in messages."""
        ...

    async def load(
        self, data: bytes, file: str, who: Identity, *, remove: bool = False, people: bool = False
    ) -> Loaded:
        """Load a workbook in one commit; ConfigError with every fault where it has one.

        Raises ConflictError where devices would go that nobody has said may go (`remove`), and
        ForbiddenError where it says something of people and that was not allowed (`people`).
        """
        ...

    async def adopt(self, adoption: Adoption, who: Identity) -> SiteLoad:
        """Add one device to the books, as a load of its own; ConfigError with every fault.

        Raises ConflictError where no pairing window is open for its place and model.
        """
        ...

    async def pairings(self) -> Sequence[Pairing]:
        """Return the pairing windows that are kept, newest first; `is_open` tells which count."""
        ...

    async def open_pairing(self, wish: PairingWish, who: Identity) -> Pairing:
        """Open a pairing window; InvalidRequestError where it cannot be."""
        ...

    async def close_pairing(self, pairing_id: str, who: Identity) -> Pairing:
        """Close a pairing window now; NotFoundError where none is open by that id."""
        ...

    async def rename(self, device_id: str, renaming: Renaming, who: Identity) -> SiteLoad:
        """Give a device another id, as a load of its own; its uid and all that hangs on it stay.

        Raises NotFoundError where there is none, InvalidRequestError where it was not meant, and
        ConfigError where the new id cannot be used.
        """
        ...

    async def swap(
        self, device_id: str, swap: HardwareSwap, who: Identity, view: DeviceView | None = None
    ) -> SiteLoad:
        """Note that other hardware stands there, as a load of its own; counters begin anew.

        `view` is the device as it stands. Raises NotFoundError where there is none,
        InvalidRequestError for a reading of what is no counter or an instant that cannot be, and
        ConfigError where link, address or model cannot be used.
        """
        ...

    async def undo(self, who: Identity, *, people: bool = False) -> SiteLoad:
        """Take back the newest load as a whole; ConflictError where there is none.

        Raises ForbiddenError where it has changed people and that was not allowed (`people`).
        """
        ...

    async def loads(self) -> Sequence[SiteLoad]:
        """Return the loads that are kept, newest first."""
        ...

    async def roll(self, views: Iterable[DeviceView]) -> Roll:
        """Call the roll of these devices: who was heard, who never was, and who is unlisted."""
        ...

    def models(self) -> Sequence[DeviceModel]:
        """Return the models that a device can be of, by id."""
        ...

    async def export(self, *, people: bool = False) -> bytes:
        """Return the books that count as a workbook (XLSX); with `people` also who can sign in."""
        ...
