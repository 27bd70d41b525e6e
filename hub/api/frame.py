"""Frames of the event stream: each made once, and shared by all who listen."""

from __future__ import annotations

import asyncio

import msgspec

from hub.access.web_ports import WebPorts
from hub.api import wire
from hub.model.journal import Entry

REMEMBERED = 2000
"""Entries kept ready; a listener further behind reads from the store."""
PAGE = 200

Framed = tuple[Entry, bytes]


class FrameShelf:
    """Keeps the last entries and the changed devices as ready bytes."""

    def __init__(self, ports: WebPorts) -> None:
        self._ports = ports
        self._entries: list[Framed] = []
        self._floor = ports.pulse.last_seq()
        self._mark = 0
        self._devices: dict[str, bytes] = {}
        self._reading = asyncio.Lock()

    async def entries(self, after: int) -> list[Framed]:
        """Return entries behind `after`, in order; some of them where there are many."""
        if after < self._floor:
            rows = await self._ports.books.journal(after=after, limit=PAGE)
            return [(row, entry_frame(row)) for row in rows]
        async with self._reading:
            await self._catch_up()
        return self._entries[max(0, after - self._floor) :]

    def device(self, device_id: str) -> tuple[str, bytes] | None:
        """Return a device's place and its frame as of now; None when it is no more."""
        view = self._ports.live.device(device_id)
        if view is None:
            return None
        self._forget_changed()
        frame = self._devices.get(device_id)
        if frame is None:
            now = self._ports.clock.now()
            frame = self._devices[device_id] = device_frame(wire.device(view, now))
        return view.device.place, frame

    async def _catch_up(self) -> None:
        head = self._floor + len(self._entries)
        while head < self._ports.pulse.last_seq():
            rows = await self._ports.books.journal(after=head, limit=PAGE)
            if not rows:
                return
            self._entries += [(row, entry_frame(row)) for row in rows]
            head = rows[-1].seq
            self._trim()

    def _trim(self) -> None:
        surplus = len(self._entries) - REMEMBERED
        if surplus > 0:
            self._floor = self._entries[surplus - 1][0].seq
            del self._entries[:surplus]

    def _forget_changed(self) -> None:
        self._mark, changed = self._ports.pulse.changed_devices(self._mark)
        for device_id in changed:
            self._devices.pop(device_id, None)


def entry_frame(entry: Entry) -> bytes:
    """Write a journal entry as an event with its number as id."""
    return b"id: %d\ndata: %b\n\n" % (entry.seq, msgspec.json.encode(wire.entry(entry)))


def device_frame(shown: dict[str, object]) -> bytes:
    """Write a device as an event without number: it is state, and the newest is enough."""
    return b"event: device\ndata: %b\n\n" % msgspec.json.encode(shown)
