"""The platform's account of a day, by the recipe of the contract's page, and what differs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import structlog

from hub.clock import Clock
from hub.model.instant import local_day
from simulators.platform.ledger import Ledger, Own
from simulators.platform.seat import Seat

log = structlog.get_logger(__name__)

LOOK = 60.0
"""Seconds between two looks whether a day is over."""
Json = dict[str, Any]


class Accountant:
    """Compares the platform's own books with the hub's account of a day."""

    def __init__(self, seat: Seat, ledger: Ledger, clock: Clock) -> None:
        self._seat = seat
        self._ledger = ledger
        self._clock = clock

    async def compare(self, day: str) -> Json:
        """Compare a day (YYYY-MM-DD) with the hub's account, and keep the result."""
        theirs = await self._seat.account_of(day)
        items = self._ledger.items(day)

        def own(incident: str) -> Own:
            return self._ledger.own(self._seat.name, incident, day)

        found = compare(theirs, lines_of(items, own, theirs["last"]))
        self._ledger.note_count(day, found)
        if not found["same"]:
            log.warning("a day differs", day=day, incidents=sorted(found["differ"]))
        return found

    async def compare_daily(self) -> None:
        """Compare each day once it is over, until cancelled."""
        day = local_day(self._clock.now())
        while True:
            await self._clock.sleep(LOOK)
            today = local_day(self._clock.now())
            if today != day:
                await self.compare(f"{day[:4]}-{day[4:6]}-{day[6:]}")
                day = today


def lines_of(items: Iterable[Json], own: Callable[[str], Own], last: str | None) -> list[str]:
    """Return a line for each incident of a day, up to the item `last`, in the order of bytes.

    `own` gives the case out of the platform's own books.
    """
    count: Counter[str] = Counter()
    newest: dict[str, Json] = {}
    end = number_of(last) if last else 0
    for item in items:
        if number_of(item["id"]) <= end:
            count[item["subject"]] += 1
            newest[item["subject"]] = item["data"]
    lines = []
    for incident, data in newest.items():
        case = own(incident)
        fields = (incident, data["revision"], data["state"], case.number, case.state)
        lines.append("\t".join(map(str, (*fields, count[incident]))))
    return sorted(lines, key=str.encode)


def compare(theirs: Json, ours: list[str]) -> Json:
    """Compare the hub's account with our lines; `differ` names the incidents, with both lines."""
    digest = hashlib.sha256("".join(f"{line}\n" for line in ours).encode()).hexdigest()
    both = set(ours) & set(theirs["lines"])
    differ: dict[str, Json] = {}
    for side, lines in (("ours", ours), ("theirs", theirs["lines"])):
        for line in lines:
            if line not in both:
                differ.setdefault(line.partition("\t")[0], {})[side] = line
    return {
        "day": theirs["day"],
        "over": theirs["over"],
        "complete": theirs["complete"],
        "same": digest == theirs["digest"],
        "items": theirs["items"],
        "differ": differ,
    }


def number_of(item: str) -> int:
    """Return an item's number out of its id."""
    return int(item.rpartition("-")[2])
