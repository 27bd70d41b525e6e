"""The desk where faults are ordered: who has which one, since when, and until when."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from random import Random

from hub.errors import InvalidRequestError, NotFoundError
from hub.model.device import Kind
from hub.model.place import contains
from simulators.community import Community
from simulators.fault import BROKER_RESTART, FAULTS, Fault
from simulators.site import DeviceRow

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")
PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


class Mishaps:
    """Begins and ends faults; raises InvalidRequestError with the nearest good word."""

    def __init__(
        self, community: Community, chance: Random, restart_broker: Callable[[], None] | None
    ) -> None:
        self._community = community
        self._chance = chance
        self._restart_broker = restart_broker
        self._active: dict[str, Fault] = {}
        self._given = 0

    def active(self) -> list[Fault]:
        """List what is going on, oldest first."""
        return list(self._active.values())

    def begin(self, name: str, *, device: str = "", place: str = "", duration: str = "") -> Fault:
        """Let something go wrong: with a device, somewhere in a place, or with a lot's pick."""
        kind = FAULTS.get(name)
        if kind is None:
            raise _unknown("fault", name, FAULTS)
        lasts = read_duration(duration) if duration else None
        row = self._row(name, device, place) if kind.fits else None
        now = self._community.agenda.now
        self._given += 1
        fault = Fault(
            id=f"f{self._given}",
            name=name,
            device=row.id if row else "",
            place=row.place if row else "",
            since=now,
            until=None if lasts is None else now + lasts,
        )
        self._start(fault)
        return fault

    def end(self, fault_id: str) -> Fault:
        """Let a fault be over; raises NotFoundError when it is, or never was."""
        fault = self._active.pop(fault_id, None)
        if fault is None:
            raise NotFoundError(
                f"no fault {fault_id} is going on; GET /faults lists those that are"
            )
        FAULTS[fault.name].end(self._community, fault)
        return fault

    def _start(self, fault: Fault) -> None:
        if fault.name == BROKER_RESTART:
            if self._restart_broker is None:
                raise InvalidRequestError(
                    "nobody here can restart the broker: only the demo's runner can"
                )
            self._restart_broker()
            return
        self._active[fault.id] = fault
        FAULTS[fault.name].begin(self._community, fault)
        if fault.until is not None:
            self._community.agenda.at(fault.until, lambda: self._run_out(fault.id))

    def _run_out(self, fault_id: str) -> None:
        if fault_id in self._active:
            self.end(fault_id)

    def _row(self, name: str, device: str, place: str) -> DeviceRow:
        """Find the device that is named, or draw a fitting one that has no fault yet."""
        fits, rows = FAULTS[name].fits, self._community.rows
        if device:
            return _named(device, rows, name)
        places = {row.place for row in rows.values()}
        if place and not any(contains(place, each) for each in places):
            raise _unknown("place", place, places)
        taken = {fault.device for fault in self._active.values()}
        free = [
            row
            for row in rows.values()
            if row.kind in fits
            and row.id not in taken
            and (not place or contains(place, row.place))
        ]
        if not free:
            raise InvalidRequestError(f"{place or 'this site'} has no device left for {name}")
        likeliest = min(fits.index(row.kind) for row in free)
        return self._chance.choice([row for row in free if row.kind is fits[likeliest]])


def _named(device: str, rows: dict[str, DeviceRow], name: str) -> DeviceRow:
    row, fits = rows.get(device), FAULTS[name].fits
    if row is None:
        raise _unknown("device", device, rows)
    if row.kind not in fits:
        raise InvalidRequestError(
            f"{name} cannot happen to {device}, which is a {row.kind}; it fits {_list(fits)}",
            problems={"device": f"a {row.kind}"},
        )
    return row


def read_duration(text: str) -> float:
    """Read `90s`, `10m`, `2m30s` or `1h` as seconds; raises InvalidRequestError."""
    if not DURATION.fullmatch(text):
        raise InvalidRequestError(
            f"{text!r} is no duration; write 90s, 10m, 2m30s or 1h",
            problems={"for": "no duration"},
        )
    return sum(float(number) * UNITS[unit] for number, unit in PART.findall(text))


def _unknown(what: str, word: str, known: Iterable[str]) -> InvalidRequestError:
    names = list(known)
    nearest = difflib.get_close_matches(word, names, n=1, cutoff=0.0)
    hint = f"; the nearest is {nearest[0]}" if nearest else ""
    return InvalidRequestError(
        f"no {what} is called {word!r}{hint}",
        problems={what if what != "fault" else "name": f"the nearest is {''.join(nearest)}"},
    )


def _list(kinds: Iterable[Kind]) -> str:
    return ", ".join(kind.value for kind in kinds)
