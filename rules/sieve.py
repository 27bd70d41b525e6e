"""Lets through, of the rules that a message is about, those that may say something new.

A watch rests while it is false, has nothing open, expects nothing, and none of the events that it
counts is there. One that rests is asked only where the points' values leave open whether it still
is false; which do is remembered by those values, for all devices of a model. A deadline of its own
comes all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from rules.plan import Program
from rules.state import DeviceState

MOST_REMEMBERED = 1000
"""Combinations of values, and sets of rules, that one kind of message remembers."""


class Sieve:
    """The programs that one kind of message is about, by their places in the plan.

    A kind is which points are said and which of them are others now.
    """

    __slots__ = ("_asked", "_few", "_key", "_mask", "_picks", "indices")

    def __init__(self, programs: Sequence[Program], indices: tuple[int, ...]) -> None:
        self.indices = indices
        self._asked = [(1 << i, rest) for i in indices if (rest := programs[i].rest) is not None]
        slots = sorted({slot for _, rest in self._asked for slot in rest.slots})
        self._key = itemgetter(*slots) if slots else None
        self._mask = sum(1 << index for index in indices)
        self._few: dict[Any, int] = {}
        self._picks: dict[int, tuple[int, ...]] = {}

    def pick(self, d: DeviceState) -> tuple[int, ...]:
        """Return the places of those that have to be asked, in the order of `indices`."""
        if not self._asked:
            return self.indices
        key = None if self._key is None else self._key(d.raw)
        few = self._few.get(key)
        if few is None:
            few = self._find_few(key, d.raw)
        mask = few | (self._mask & d.awake)
        found = self._picks.get(mask)
        return self._find_pick(mask) if found is None else found

    def _find_few(self, key: object, values: Sequence[Any]) -> int:
        """Return which programs the values leave open, or always are asked."""
        if len(self._few) == MOST_REMEMBERED:
            self._few.clear()
        false = sum(bit for bit, rest in self._asked if rest.gives(values, False))
        few = self._few[key] = self._mask & ~false
        return few

    def _find_pick(self, mask: int) -> tuple[int, ...]:
        if len(self._picks) == MOST_REMEMBERED:
            self._picks.clear()
        found = self._picks[mask] = tuple(i for i in self.indices if mask >> i & 1)
        return found
