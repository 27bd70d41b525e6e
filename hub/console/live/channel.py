"""Channels: one painted page for all who look at it; changed parts are written once, and shared.

A channel has no task of its own. Each viewer's stream asks it to refresh; the first one after
something has changed paints, and the others get the same bytes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Protocol

Parts = Mapping[str, str]
"""DOM id → inner HTML."""

RELOAD = b"event: reload\ndata: \n\n"
"""What a page is told whose skeleton has changed."""
KEPT_FRAMES = 32
KEPT_CHANNELS = 128
"""Channels kept without regard to viewers; the one unused longest goes first."""


class Scene(Protocol):
    """What a channel shows."""

    async def paint(self, *, fresh: bool) -> Parts:
        """Return all parts; the very same mapping when nothing can have changed.

        With `fresh` they are as of now, without it they may be as old as the pace allows.
        """
        ...


class Channel:
    """The newest version of one page, and the frames that lead to it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._parts: Parts = {}
        self._frames: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self._painting = asyncio.Lock()
        self.version = 0

    async def refresh(self, *, fresh: bool = False) -> Parts:
        """Bring the page up to date and return its parts; `fresh` for who has just acted."""
        async with self._painting:
            new, old = await self._scene.paint(fresh=fresh), self._parts
            if new is not old:
                self._parts = new
                self._add(_frame(old, new) if old else b"")
            return new

    def since(self, version: int) -> bytes:
        """Return what leads from a version to the newest one; from an unknown one, everything."""
        behind = self.version - version
        if behind == 0:
            return b""
        if version and 0 < behind <= len(self._frames):
            return b"".join(list(self._frames)[-behind:])
        return _frame({}, self._parts)

    def _add(self, frame: bytes) -> None:
        if frame or not self.version:
            self.version += 1
            self._frames.append(frame)


class Channels:
    """Finds the channel of a page, so that equal pages are painted once."""

    def __init__(self) -> None:
        self._channels: OrderedDict[Hashable, Channel] = OrderedDict()

    def find(self, key: Hashable, make: Callable[[], Scene]) -> Channel:
        """Return the channel of a key; `make` gives the scene of a new one."""
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = Channel(make())
        self._channels.move_to_end(key)
        while len(self._channels) > KEPT_CHANNELS:
            self._channels.popitem(last=False)
        return channel


class Pace:
    """Says when to look again: soon after a new journal entry, later for mere values."""

    NEWS, CALM = 0.2, 0.5
    """Real seconds between two looks, with and without a new entry."""

    def __init__(self, last_seq: Callable[[], int]) -> None:
        self._last_seq = last_seq
        self._seq = -1
        self._at = float("-inf")

    def is_due(self, *, fresh: bool) -> bool:
        """Tell whether to look now (always with `fresh`), and count that as a look."""
        now, seq = asyncio.get_running_loop().time(), self._last_seq()
        if not fresh and now - self._at < (self.CALM if seq == self._seq else self.NEWS):
            return False
        self._at, self._seq = now, seq
        return True


class Paced:
    """A scene of one function, painted when it is due."""

    def __init__(self, paint: Callable[[], Awaitable[Parts]], pace: Pace) -> None:
        self._paint = paint
        self._pace = pace
        self._parts: Parts = {}

    async def paint(self, *, fresh: bool) -> Parts:
        """Paint when it is time; the same mapping where nothing is different."""
        if self._pace.is_due(fresh=fresh) or not self._parts:
            painted = await self._paint()
            self._parts = painted if painted != self._parts else self._parts
        return self._parts


def _frame(old: Parts, new: Parts) -> bytes:
    if old and old.keys() != new.keys():
        return RELOAD
    changed = {name: html for name, html in new.items() if old.get(name) != html}
    if not changed:
        return b""
    partials = "".join(
        f'<hx-partial hx-target="#{name}" hx-swap="innerMorph">{html}</hx-partial>'
        for name, html in changed.items()
    )
    lines = "\n".join(f"data: {line}" for line in partials.splitlines())
    return f"{lines}\n\n".encode()
