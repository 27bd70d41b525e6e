"""Which incidents there are now, by following the feed; the items themselves stay in the store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
from fastapi import Request

from hub.model.instant import local_day
from hub.ports import Books, FeedRow

PAGE = 1000


class Known(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An incident's latest item: where to find it, and what lists filter by.

    `at` is never before that of an item before it, whatever a clock did: who asks for what has
    changed since an instant misses nothing. `cases` maps a receiver to the state of its case.
    """

    incident: str
    seq: int
    at: float
    place: str
    state: str
    cases: dict[str, str]
    fault: str = ""
    folded_into: str = ""
    opened_at: str = ""
    """RFC 3339, as its items have it."""


class _Case(msgspec.Struct, frozen=True):
    receiver: str
    state: str


class _Data(msgspec.Struct, frozen=True):
    state: str
    cases: tuple[_Case, ...] = ()
    fault: str = ""
    folded_into: str = ""
    opened_at: str = ""


class _Body(msgspec.Struct, frozen=True):
    data: _Data


class _Whole(msgspec.Struct, frozen=True):
    data: msgspec.Raw


class IncidentCatalogue:
    """A reader with its own place in the feed; after a restart it starts from the oldest item.

    `latest` is the instant of the newest item; `spans` has the numbers between which the items
    of a day (`YYYYMMDD`, by their own time) lie.
    """

    def __init__(self, books: Books) -> None:
        self.latest = 0.0
        self.spans: dict[str, tuple[int, int]] = {}
        self._books = books
        self._seq = 0
        self._known: dict[str, Known] = {}
        self._reading = asyncio.Lock()

    async def catch_up(self) -> None:
        """Read what is new."""
        async with self._reading:
            while rows := await self._books.feed(after=self._seq, limit=PAGE):
                for row in rows:
                    self._note(row)

    def behind(self, seq: int) -> Iterator[Known]:
        """Yield incidents whose latest item lies behind `seq`, in the order of these items."""
        return (known for known in self._known.values() if known.seq > seq)

    def kept_days(self, oldest: int) -> Iterator[str]:
        """Yield the days of which something behind the number `oldest` is kept."""
        return (day for day, (_, last) in self.spans.items() if last > oldest)

    def find(self, incident: str) -> Known | None:
        """Return one incident."""
        return self._known.get(incident)

    def all(self) -> Iterator[Known]:
        """Yield every incident, the one that changed longest ago first."""
        return iter(self._known.values())

    async def whole(self, known: Known) -> bytes | None:
        """Return the incident as JSON; None when retention has taken its last item away."""
        rows = await self._books.feed(after=known.seq - 1, limit=1, scope=known.place)
        if not rows or rows[0].incident != known.incident:
            return None
        return bytes(msgspec.json.decode(rows[0].body, type=_Whole).data)

    def _note(self, row: FeedRow) -> None:
        data = msgspec.json.decode(row.body, type=_Body).data
        self.latest = max(self.latest, row.at)
        day = local_day(row.at)
        self.spans[day] = (self.spans.get(day, (row.seq, 0))[0], row.seq)
        self._known.pop(row.incident, None)
        self._known[row.incident] = Known(
            incident=row.incident,
            seq=row.seq,
            at=self.latest,
            place=row.place,
            state=data.state,
            cases={case.receiver: case.state for case in data.cases},
            fault=data.fault,
            folded_into=data.folded_into,
            opened_at=data.opened_at,
        )
        self._seq = row.seq


async def catalogue_of(request: Request) -> IncidentCatalogue:
    """Return the catalogue of the router that answers, up to date."""
    catalogue: IncidentCatalogue = request.state.catalogue
    await catalogue.catch_up()
    return catalogue
