"""Which messages were here before: (device, boot, topic, seq), or a digest where seq is missing.

Sequence numbers may arrive late (a gateway replays what it could not deliver), so each boot keeps
the ranges that are missing below its highest number; a number in such a range is new, any other
number below the highest is a duplicate.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from hub.model.report import Report
from hub.ports import CursorRow, DigestRow

MAX_GAPS = 32
"""More holes than this and the oldest is given up: what fills it later counts as a duplicate."""


class Seen(Enum):
    """What the book says about a message."""

    NEW = "new"
    NEW_AFTER_GAP = "new after a gap"
    DUPLICATE = "duplicate"


class _Track:
    """The highest number of one (device, topic, boot) and the holes below it."""

    __slots__ = ("gaps", "seq")

    def __init__(self, seq: int, gaps: list[tuple[int, int]]) -> None:
        self.seq = seq
        self.gaps = gaps

    def take(self, seq: int, *, skipped: bool) -> Seen:
        if seq == self.seq + 1 or (skipped and seq > self.seq):
            self.seq = seq
            return Seen.NEW
        if seq > self.seq:
            self.gaps = [*self.gaps, (self.seq + 1, seq - 1)][-MAX_GAPS:]
            self.seq = seq
            return Seen.NEW_AFTER_GAP
        return self._fill(seq)

    def _fill(self, seq: int) -> Seen:
        for index, (first, last) in enumerate(self.gaps):
            if first <= seq <= last:
                rest = [(first, seq - 1), (seq + 1, last)]
                self.gaps[index : index + 1] = [(a, b) for a, b in rest if a <= b]
                return Seen.NEW
        return Seen.DUPLICATE


class IdentityBook:
    """Remembers what was taken; what changed since the last `take_rows` goes into the commit."""

    def __init__(
        self,
        cursors: Iterable[CursorRow],
        digests: Iterable[DigestRow] = (),
        *,
        digest_limit: int = 20_000,
    ) -> None:
        self._tracks = {
            (row.uid, row.topic, row.boot): _Track(row.seq, list(row.gaps)) for row in cursors
        }
        self._digests = {(row.uid, row.digest): row.at for row in digests}
        self._digest_limit = digest_limit
        self._changed: dict[tuple[str, str, str], float] = {}
        self._new_digests: list[DigestRow] = []

    def take(self, report: Report, *, skipped: bool = False) -> Seen:
        """Note the message and say whether it was here before.

        `skipped`: the hub itself has dropped what came before it, and will not miss it.
        """
        if report.seq is None:
            return self._take_digest(report)
        key = (report.uid, report.topic, report.boot)
        self._changed[key] = report.received
        track = self._tracks.get(key)
        if track is None:
            self._tracks[key] = _Track(report.seq, [])
            return Seen.NEW
        return track.take(report.seq, skipped=skipped)

    def _take_digest(self, report: Report) -> Seen:
        if report.retained or not report.digest:
            return Seen.NEW
        key = (report.uid, report.digest)
        if key in self._digests:
            return Seen.DUPLICATE
        self._digests[key] = report.received
        if len(self._digests) > self._digest_limit:
            del self._digests[next(iter(self._digests))]
        self._new_digests.append(
            DigestRow(uid=report.uid, digest=report.digest, at=report.received)
        )
        return Seen.NEW

    def knows_boot(self, report: Report) -> bool:
        """Tell whether this boot of the device was heard on this topic before."""
        return (report.uid, report.topic, report.boot) in self._tracks

    def take_rows(self) -> tuple[list[CursorRow], list[DigestRow]]:
        """Return and forget what changed."""
        cursors = [_row(key, self._tracks[key], at) for key, at in self._changed.items()]
        digests, self._new_digests, self._changed = self._new_digests, [], {}
        return cursors, digests


def _row(key: tuple[str, str, str], track: _Track, at: float) -> CursorRow:
    uid, topic, boot = key
    return CursorRow(uid=uid, topic=topic, boot=boot, seq=track.seq, gaps=tuple(track.gaps), at=at)
