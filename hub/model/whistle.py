"""吹哨: what a person reports, of which thing, and what is kept of it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

PERSONAL = "personal"
"""The collection of what people said of themselves, and of photos: sealed, and deleted on time."""


class Source(StrEnum):
    """Who opened a ticket: 居民吹哨, 热线来电, 巡查发现, 网格上报."""

    RESIDENT = "resident"
    HOTLINE = "hotline"
    INSPECTION = "inspection"
    GRID = "grid"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a label stands on: a device, or a place where `device` is empty."""

    name: str
    place: str
    where: str
    """The place's names, as people say them."""
    device: str = ""
    uid: str = ""
    kind: str = ""

    @property
    def subject(self) -> str:
        """Return what a ticket about it names: the device's id, or the place's path."""
        return self.device or self.place


class Hotline(msgspec.Struct, frozen=True, kw_only=True):
    """A case of 12345 behind a call: its number, and until when it is signed for and handled."""

    number: str
    sign_by: float | None = None
    handle_by: float | None = None


class Reporter(msgspec.Struct, frozen=True, kw_only=True):
    """What concerns a person: never in the journal, sealed in the store, deleted on time."""

    caller: str = ""
    phone: str = ""
    text: str = ""

    def is_empty(self) -> bool:
        """Tell whether nothing was said."""
        return not (self.caller or self.phone or self.text)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One person's report, without anything about the person.

    `joined` says that the ticket was known before; `actor` is the login of who typed it in, empty
    for a resident.
    """

    id: str
    ticket: str
    source: Source
    category: str
    subject: str
    place: str
    at: float
    joined: bool = False
    actor: str = ""
    call_back: bool = False
    """Somebody left a number, and waits for a call."""
    hotline: Hotline | None = None

    @property
    def personal_key(self) -> str:
        """Return under which key the store has its `Reporter`."""
        return personal_key(self.at, self.id)


class Gathering(msgspec.Struct, frozen=True, kw_only=True):
    """Who has reported one ticket: the reports' ids, at most `KEPT`, and how many there were.

    `moved` have a ticket of their own since; they are still found by this one's number.
    """

    ticket: str
    reports: tuple[str, ...] = ()
    count: int = 0
    moved: tuple[str, ...] = ()


KEPT = 500
"""Reports of one ticket that are kept; further ones are counted."""


def personal_key(at: float, name: str) -> str:
    """Return the key of a personal document: the instant first, so that the oldest sorts first."""
    return f"{int(at):010d}-{name}"


class ReportWish(msgspec.Struct, frozen=True, kw_only=True):
    """A report to be filed; `id` is drawn from its idempotency key.

    `join` is the number of the ticket that is meant, `apart` says that no other one is, `test` that
    it is a drill. `planned` is the day for which a leader plans the work, where it opens a ticket.
    """

    id: str
    source: Source
    category: str
    target: Target
    reporter: Reporter = Reporter()
    actor: str = ""
    hotline: Hotline | None = None
    join: str = ""
    apart: bool = False
    test: bool = False
    planned: str = ""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a report; `count` says how many there are of its ticket with it."""

    report: Report
    count: int
    fresh: bool = True
    """False where it had been filed before: nothing has happened now."""
