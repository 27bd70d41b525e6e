"""Where in a TOML text something stands, so that a fault is told at its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable

Place = tuple[int, int]
"""Line and column, both from 1."""


class SheetLines:
    """The lines of one text; only a line feed ends one, as in an editor."""

    def __init__(self, text: str) -> None:
        self._lines = text.rstrip("\n").split("\n")

    @property
    def last(self) -> int:
        """The number of the last line."""
        return len(self._lines)

    def find(self, word: str) -> Place:
        """Return the first place of a word outside comments; the beginning where it is nowhere."""
        return self._search(word, range(len(self._lines))) or (1, 1)

    def find_in_table(self, key: str, number: int, words: Iterable[str]) -> Place:
        """Return the first of `words` that is found in the `number`th (from 1) table `[[key]]`.

        Where none is there it is the table's head; where the text has no such table, `find`.
        """
        header = re.compile(rf"\s*\[\[\s*{re.escape(key)}\s*\]\]")
        heads = [at for at, line in enumerate(self._lines) if header.match(line)]
        words = [*words]
        if len(heads) < number:
            found = (self._search(word, range(len(self._lines))) for word in words)
            return next(filter(None, found), (1, 1))
        head = heads[number - 1]
        inside = range(head + 1, self._end(head))
        return next(filter(None, (self._search(word, inside) for word in words)), (head + 1, 1))

    def _end(self, head: int) -> int:
        later = range(head + 1, len(self._lines))
        return next((at for at in later if self._lines[at].startswith("[")), len(self._lines))

    def _search(self, word: str, lines: range) -> Place | None:
        pattern = re.compile(rf"(?<![\w.]){re.escape(word)}(?![\w.])") if word else None
        for at in lines:
            found = pattern.search(self._lines[at]) if pattern else None
            if found and not self._lines[at].lstrip().startswith("#"):
                return at + 1, found.start() + 1
        return None
