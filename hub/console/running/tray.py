"""Keeps workbooks that were tried on a page until somebody says that they are to be loaded."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from hub.clock import Clock
from hub.errors import ConflictError

MOST = 4
"""Workbooks at once, of 10 MiB at most each; the oldest goes first."""
GOOD_FOR = 1800.0
"""Seconds."""


class Tried(NamedTuple):
    """A workbook that was tried: by whom, when, and what it is."""

    name: str
    at: float
    file: str
    data: bytes


class Tray:
    """One per hub; a new start empties it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tried: dict[str, Tried] = {}

    def put(self, name: str, file: str, data: bytes) -> str:
        """Keep a workbook that `name` has tried; returns the word that fetches it."""
        while len(self._tried) >= MOST:
            del self._tried[next(iter(self._tried))]
        word = secrets.token_urlsafe(16)
        self._tried[word] = Tried(name, self._clock.now(), file, data)
        return word

    def take(self, word: str, name: str) -> Tried:
        """Fetch a workbook of `name`; ConflictError where it is not here any more."""
        found = self._tried.get(word)
        if found is None or found.name != name or self._clock.now() > found.at + GOOD_FOR:
            raise ConflictError(
                "the workbook is not here any more; choose the file again",
                zh="这份表已经不在了，请重新选择文件。",
            )
        return found
