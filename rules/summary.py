"""What a window says about the readings in it: sum, mean, extreme, median."""

from __future__ import annotations

from bisect import bisect_left, insort


class Entry:
    """One reading, or the readings of one bucket: time of the last, count, sum, extremes."""

    __slots__ = ("at", "count", "high", "low", "total")

    def __init__(self, at: float, weight: float) -> None:
        self.at = at
        self.count = 1
        self.total = self.low = self.high = weight

    def merge(self, at: float, weight: float) -> None:
        """Take another reading of the same bucket in."""
        self.at = at
        self.count += 1
        self.total += weight
        self.low = min(self.low, weight)
        self.high = max(self.high, weight)


class Summary:
    """What a window says about its entries; this one adds them up.

    `share` "sum" gives the sum, "mean" the mean per reading, "count" their number; `scale`
    multiplies the result.
    """

    __slots__ = ("_count", "_scale", "_share", "_total")

    def __init__(self, share: str = "sum", scale: float = 1.0) -> None:
        self._share = share
        self._scale = scale
        self._total = 0.0
        self._count = 0

    def add(self, entry: Entry) -> None:
        """Count an entry that has entered the window."""
        self._total += entry.total
        self._count += entry.count

    def remove(self, entry: Entry) -> None:
        """Take back the oldest entry."""
        self._total -= entry.total
        self._count -= entry.count

    def retract(self, entry: Entry) -> None:
        """Take back the newest entry, which is about to grow and come again."""
        self.remove(entry)

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
    """The largest number in the window, or with `sign` -1 the smallest."""

    __slots__ = ("_ranked", "_sign")

    def __init__(self, sign: int) -> None:
        super().__init__()
        self._sign = sign
        self._ranked: list[tuple[Entry, float]] = []

    def add(self, entry: Entry) -> None:
        """Keep the entry, and drop those that it will outlive and outdo."""
        number = entry.high if self._sign > 0 else -entry.low
        while self._ranked and self._ranked[-1][1] <= number:
            self._ranked.pop()
        self._ranked.append((entry, number))

    def remove(self, entry: Entry) -> None:
        """Drop the entry if it still leads."""
        if self._ranked and self._ranked[0][0] is entry:
            del self._ranked[0]

    def retract(self, entry: Entry) -> None:
        """Drop the newest entry; what it outdid stays dropped, for it only grows."""
        if self._ranked and self._ranked[-1][0] is entry:
            self._ranked.pop()

    def reset(self) -> None:
        """Forget everything."""
        self._ranked.clear()

    def result(self) -> float | None:
        """Return the leader's number; nothing is unknown."""
        return self._ranked[0][1] * self._sign if self._ranked else None


class Median(Summary):
    """The middle of the window's numbers; in a long window, of the means of its buckets."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        super().__init__()
        self._sorted: list[float] = []

    def add(self, entry: Entry) -> None:
        """Sort the entry in."""
        insort(self._sorted, entry.total / entry.count)

    def remove(self, entry: Entry) -> None:
        """Take the entry out."""
        del self._sorted[bisect_left(self._sorted, entry.total / entry.count)]

    def reset(self) -> None:
        """Forget everything."""
        self._sorted.clear()

    def result(self) -> float | None:
        """Return the middle, or the mean of the two in the middle; nothing is unknown."""
        half, odd = divmod(len(self._sorted), 2)
        if not self._sorted:
            return None
        if odd:
            return self._sorted[half]
        return (self._sorted[half - 1] + self._sorted[half]) / 2
