"""A book of shift hand-overs over fakes, without a hub."""

from __future__ import annotations

from hub.clock import Clock
from hub.ports import Archive, Books, Live, Pulse, WindowOffice
from hub.services.duty.handover_book import HandOverBook, Store
from hub.services.duty.sheet_writer import SheetWriter


def make_handovers(
    live: Live,
    books: Books,
    *,
    archive: Archive,
    pulse: Pulse,
    windows: WindowOffice,
    write: Store,
    clock: Clock,
) -> HandOverBook:
    """Make a book without any hand-over."""
    writer = SheetWriter(
        live=live, books=books, archive=archive, pulse=pulse, windows=windows, clock=clock
    )
    return HandOverBook({}, writer=writer, books=books, write=write, clock=clock)
