"""The office for the books of the site: workbooks come in, are checked, loaded and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from hub.errors import Problem
from hub.model.access import Identity
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Kind, Lifecycle
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
        """Add one device to the books, as a load of its own; ConfigError with every fault."""
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
