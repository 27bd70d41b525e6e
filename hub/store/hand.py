"""Which message is in hand, in a page that outlives the process: the kernel keeps it, not the disk.

Writing to it takes less than half a microsecond, and nobody waits. A power cut may lose it, which
costs a message that kills the hub one more death (docs/adr/0012).
"""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from struct import Struct

import structlog

log = structlog.get_logger(__name__)

SIZE = 128 * 1024
"""Bytes; what is larger than this is refused by every dialect before anything reads it."""
_HEAD = Struct("<II")
"""Bytes of the address, bytes of the payload; both 0 while nothing is in hand."""
_NOTHING = _HEAD.pack(0, 0)


class MappedHand:
    """Implements `hub.ports.Hand` on a mapped page."""

    def __init__(self, page: mmap.mmap) -> None:
        self.left = _read(page)
        self._page = page
        self._written = SIZE

    def take(self, address: str, payload: bytes) -> None:
        """Note a message before anything looks at it."""
        name = address.encode("utf-8", "replace")
        note = _HEAD.pack(len(name), len(payload)) + name + payload
        if len(note) > SIZE:
            self.rest()
        else:
            self._page[: len(note)] = note
            self._written = max(self._written, len(note))

    def rest(self) -> None:
        """Note that nothing is in hand, and leave nothing of what was."""
        self._page[: self._written] = bytes(self._written)
        self._written = _HEAD.size


@contextlib.contextmanager
def open_hand(path: Path) -> Iterator[MappedHand]:
    """Map the page at `path` while the block runs; without room for it, deaths go uncounted.

    A file stays only where something is still in hand: the block has ended, but not well.
    """
    with _map(path) as page:
        yield MappedHand(page)
        if page[: _HEAD.size] == _NOTHING:
            path.unlink(missing_ok=True)


def _map(path: Path) -> mmap.mmap:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # Writing to a page without room behind it would itself kill the process.
            os.posix_fallocate(handle, 0, SIZE)
            return mmap.mmap(handle, SIZE)
        finally:
            os.close(handle)
    except OSError as error:
        log.warning(
            "a message that kills the hub would not be found out; free some space and restart",
            file=str(path),
            why=str(error),
        )
        return mmap.mmap(-1, SIZE)


def _read(page: mmap.mmap) -> tuple[str, bytes] | None:
    name, payload = _HEAD.unpack_from(page)
    start, end = _HEAD.size + name, _HEAD.size + name + payload
    if not name or end > SIZE:
        return None
    try:
        return page[_HEAD.size : start].decode(), page[start:end]
    except UnicodeDecodeError:
        # Killed in the middle of the writing: then the message was not looked at yet.
        return None
