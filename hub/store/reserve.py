"""A reserve on the disk: bytes that nobody else can take, for orders while the disk is full."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from hub.errors import StoreError
from hub.store.writer import Writer

log = structlog.get_logger(__name__)

PIECES = 16
"""How many times something can be given up before nothing is left."""
MARGIN = 16 * 1024 * 1024
"""Bytes that stay free when the reserve is filled again: else it would be full again at once."""


class FileReserve:
    """A file beside the database that is as large as what is left; see `hub.ports.Reserve`."""

    def __init__(self, path: Path, size: int, writer: Writer) -> None:
        self.size = size
        self.spending = False
        self.left = path.stat().st_size if path.exists() else 0
        self._path = path
        self._writer = writer

    async def spend(self) -> bool:
        """Give up a piece, and let the log go into the database; False where nothing is left."""
        return await self._writer.call(self._give_up)

    async def refill(self) -> bool:
        """Take all of it back; False while the disk has not enough."""
        return await self._writer.call(self._take_back)

    def _give_up(self) -> bool:
        if not self.left:
            return False
        self.spending = True
        self.left = max(0, self.left - -(-self.size // PIECES))
        try:
            os.truncate(self._path, self.left)
        except OSError:
            self.left = 0
            return False
        # Once its pages are in the file the log is written from its beginning, and grows no more.
        with contextlib.suppress(StoreError):
            self._writer.keep_log_short(short=True)
        return True

    def _take_back(self) -> bool:
        if self.left >= self.size:
            return True
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < self.size - self.left + MARGIN:
            return False
        try:
            with self._path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, self.size)
        except OSError:
            return False
        self.left, self.spending = self.size, False
        self._writer.keep_log_short(short=False)
        return True


@contextlib.asynccontextmanager
async def open_reserve(database: Path, size: int, writer: Writer) -> AsyncIterator[FileReserve]:
    """Keep `size` bytes beside the database for as long as the block runs.

    A file that a killed hub has left is taken over; none is left behind.
    """
    path = database.with_name(database.name + ".reserve")
    reserve = FileReserve(path, size, writer)
    try:
        if not await reserve.refill():
            log.warning(
                "the disk has no room for the reserve; orders end when it is full", size=size
            )
        yield reserve
    finally:
        path.unlink(missing_ok=True)
