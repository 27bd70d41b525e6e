"""What a window says about the readings in it: sum, mean, extreme, median.

An entry of a window is (at, number, count): one reading, or the readings of one bucket, whose
number is what `join` makes of theirs, and whose instant is that of the last.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort

from hub.ports import RollupRow


class Summary:
    """What a window says about its entries; this one adds them up.

    `share` "sum" gives the sum, "mean" the mean per reading, "count" their number; `scale`
    multiplies the result. `is_within` tells that the answer lies between the smallest and the
    largest number.
    """

    __slots__ = ("_count", "_scale", "_share", "_total", "is_within")

    def __init__(self, share: str = "sum", scale: float = 1.0) -> None:
        self._share = share
        self.is_within = share == "mean"
        self._scale = scale
        self._total = 0.0
        self._count = 0

    def join(self, one: float, other: float) -> float:
        """Return the number of a bucket that holds both."""
        return one + other

    def of_hour(self, hour: RollupRow) -> float:
        """Return the number of a bucket that holds an hour of history."""
        return hour.mean * hour.count

    def add(self, _at: float, number: float, count: int) -> None:
        """Count an entry that has entered the window."""
        self._total += number
        self._count += count

    def remove(self, _at: float, number: float, count: int) -> None:
        """Take back the oldest entry."""
        self._total -= number
        self._count -= count

    def retract(self, at: float, number: float, count: int) -> None:
        """Take back the newest entry, which is about to grow and come again."""
        self.remove(at, number, count)

    def reset(self) -> None:
        """Forget everything."""
        self._total, self._count = 0.0, 0

    def result(self) -> float | None:
        """Return the answer; a mean of nothing is unknown."""
        if self._share == "count":
            return float(self._count)
        if not self._count:
            return None if self._share == "mean" else 0.0
        return self._total * self._scale / (self._count if self._share == "mean" else 1)


class Extreme(Summary):
    """The largest number in the window, or with `sign` -1 the smallest.

    Kept are the entries that may still lead: each outdoes all that came after it.
    """

    __slots__ = ("_ats", "_numbers", "sign")

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.is_within = True
        self.sign = sign
        self._ats = self._numbers = _NONE

    def join(self, one: float, other: float) -> float:
        """Return the better of two numbers."""
        return max(one, other) if self.sign > 0 else min(one, other)

    def of_hour(self, hour: RollupRow) -> float:
        """Return the hour's extreme."""
        return hour.maximum if self.sign > 0 else hour.minimum

    def add(self, at: float, number: float, _count: int) -> None:
        """Keep the entry, and drop those that it will outlive and outdo."""
        if not self._ats:
            self._ats, self._numbers = array("d"), array("d")
        numbers, sign = self._numbers, self.sign
        while numbers and numbers[-1] * sign <= number * sign:
            numbers.pop()
            self._ats.pop()
        numbers.append(number)
        self._ats.append(at)

    def remove(self, at: float, _number: float, _count: int) -> None:
        """Drop the entry if it still leads; those of one instant leave the window together."""
        if self._ats and self._ats[0] <= at:
            del self._ats[0], self._numbers[0]

    def retract(self, at: float, _number: float, _count: int) -> None:
        """Drop the newest entry; what it outdid stays dropped, for it only grows."""
        if self._ats and self._ats[-1] == at:
            self._ats.pop()
            self._numbers.pop()

    def reset(self) -> None:
        """Forget everything."""
        self._ats = self._numbers = _NONE

    def result(self) -> float | None:
        """Return the leader's number; nothing is unknown."""
        return self._numbers[0] if self._numbers else None


class Median(Summary):
    """The middle of the window's numbers; in a long window, of the means of its buckets."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        super().__init__()
        self.is_within = True
        self._sorted = array("d")

    def add(self, _at: float, number: float, count: int) -> None:
        """Sort the entry in."""
        insort(self._sorted, number / count)

    def remove(self, _at: float, number: float, count: int) -> None:
        """Take the entry out."""
        del self._sorted[bisect_left(self._sorted, number / count)]

    def reset(self) -> None:
        """Forget everything."""
        self._sorted = array("d")

    def result(self) -> float | None:
        """Return the middle, or the mean of the two in the middle; nothing is unknown."""
        half, odd = divmod(len(self._sorted), 2)
        if not self._sorted:
            return None
        if odd:
            return self._sorted[half]
        return (self._sorted[half - 1] + self._sorted[half]) / 2


_NONE = array("d")
"""One for all windows that nothing has come into yet."""
