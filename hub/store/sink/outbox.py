"""The outbox of the sink: each commit carries a copy of its readings for the time-series store.

History is ordered by device and event time, and late data, which may be days old, is written
anywhere in it; no cursor over it can follow the order of commits. So what is owed to the
sink is written in the same transaction as the reading itself, under a number that only grows,
and deleted when the store has answered 2xx (docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import msgspec
import structlog

from hub.model.report import Report
from hub.ports import Changes, Committer, Document
from hub.store.sink import parcel
from hub.store.sink.parcel import Cursor

log = structlog.get_logger(__name__)

WAITING = 100_000_000
"""Readings that may wait, about 4 GB: more than a day of 1,000 a second.

Beyond it new readings stay in the hub's own history only, and are counted."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the outbox stands at a start: the last number given, the cursor, the losses."""

    last: int = 0
    cursor: Cursor = Cursor()
    left_out: int = 0


class Outbox:
    """Implements `hub.ports.Committer` around another one.

    It learns how far the sink has come from the cursor that is committed through it.
    """

    def __init__(
        self,
        inner: Committer,
        public: AbstractSet[str],
        standing: Standing,
        *,
        limit: int = WAITING,
    ) -> None:
        self._inner = inner
        self._public = public
        self._limit = limit
        self._last = max(standing.last, standing.cursor.after)
        self._after = standing.cursor.after
        self._left_out = standing.left_out
        self._full = False

    @property
    def waiting(self) -> int:
        """The readings that the store has not taken yet."""
        return self._last - self._after

    async def commit(self, changes: Changes) -> None:
        """Write the changes and the copy in one transaction, or raise StoreError with neither.

        Numbers are given for good only once the commit has gone through, so that a repeated one
        writes the same copy under the same number.
        """
        found = parcel.pack(changes.readings, self._public)
        number = parcel.count(found)
        fits = self.waiting + number <= self._limit
        extra: list[Document] = []
        if number and fits:
            at = changes.readings[-1].received
            extra.append(parcel.to_parcel(found, self._last + number, at))
        elif number:
            extra.append(self._loss(changes.readings, number))
        await self._inner.commit(_add(changes, extra) if extra else changes)
        self._settle(number, fits=fits)
        self._follow(changes.documents)

    def _loss(self, reports: Sequence[Report], number: int) -> Document:
        return parcel.keep(parcel.LEFT_OUT, self._left_out + number, reports[-1].received)

    def _settle(self, number: int, *, fits: bool) -> None:
        if fits:
            self._last += number
        else:
            self._left_out += number
        if number and self._full is fits:
            self._full = not fits
            self._tell()

    def _tell(self) -> None:
        if self._full:
            log.error(
                "the time-series store has been away for so long that its outbox is full; new"
                " readings stay in the hub's history only, until it takes what waits",
                waiting=self.waiting,
            )
        else:
            log.info("the outbox has room again", left_out=self._left_out)

    def _follow(self, documents: Sequence[Document]) -> None:
        for document in documents:
            if (document.collection, document.key) == (parcel.SETTING, parcel.CURSOR):
                self._after = msgspec.json.decode(document.body or b"{}", type=Cursor).after


def _add(changes: Changes, documents: list[Document]) -> Changes:
    return msgspec.structs.replace(changes, documents=[*changes.documents, *documents])
