"""Eras of a journal: a restore from a backup begins one, since numbers are then given again.

Two things of one number are the same only if they are of one era. The first era has no name; a
later one's is the instant of its restore (seconds, as hex), so names sort by age.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

ERAS = "era"
"""The collection of the documents; the key is the name."""
FIRST = ""


class Era(msgspec.Struct, frozen=True, kw_only=True):
    """An era: its name, the journal number that it begins with, and when it began.

    `tickets` are the last numbers that were given, by day, as far as what was given up could still
    be read: a ticket's number is said by telephone, and must not mean two things.
    """

    name: str
    first: int
    at: float
    tickets: dict[str, int] = {}


class Eras:
    """The eras that a journal has been through, the first one included."""

    def __init__(self, eras: Iterable[Era] = ()) -> None:
        self._eras = [Era(name=FIRST, first=0, at=0.0), *sorted(eras, key=lambda era: era.first)]

    @property
    def now(self) -> str:
        """Return the name of the era in which something new is written."""
        return self._eras[-1].name

    def of(self, seq: int) -> str:
        """Return the name of the era in which the number `seq` was given."""
        return next(era.name for era in reversed(self._eras) if era.first <= seq)

    def shares(self, era: str, seq: int) -> bool:
        """Tell whether what was known in `era` up to the number `seq` is in this journal.

        It is not where that era was given up by a restore before it had come so far.
        """
        names = [each.name for each in self._eras]
        if era not in names:
            return False
        following = self._eras[names.index(era) + 1 :]
        return not following or seq < following[0].first

    def name_item(self, community: str, seq: int) -> str:
        """Return the id of a feed's item: no other one has it, whatever was restored."""
        return f"{community}-{stamp(self.of(seq))}{seq}"


def stamp(era: str) -> str:
    """Return what stands before a number of this era; nothing in the first."""
    return f"{era}-" if era else ""


def read_eras(documents: Mapping[str, bytes]) -> Eras:
    """Read the stored collection."""
    return Eras(msgspec.json.decode(body, type=Era) for body in documents.values())


def next_name(known: Iterable[str], now: float) -> str:
    """Name an era that begins now, behind all known ones, also where a clock was set back."""
    return f"{max([int(now), *(int(name, 16) + 1 for name in known)]):08x}"
