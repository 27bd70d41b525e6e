"""The desk where faults are ordered: who has which one, since when, and until when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import Random

from hub.errors import InvalidRequestError, NotFoundError
from hub.model.device import Kind
from hub.model.place import contains
from hub.model.spelling import nearest
from simulators.community import Community
from simulators.fault import BROKER_RESTART, FAULTS, Fault
from simulators.site import DeviceRow

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")
LISTED = 15
"""So many names are offered where none is near."""
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
        rows, fits = self._community.rows, FAULTS[name].fits
        if device:
            return _named(device, rows, name)
        if place:
            _check_place(place, rows)
        free = [row for row in self._sound(place) if row.kind in fits]
        if not free:
            raise InvalidRequestError(f"{place or 'this site'} has no device left for {name}")
        likeliest = min((row.kind for row in free), key=fits.index)
        return self._chance.choice([row for row in free if row.kind is likeliest])

    def _sound(self, place: str) -> list[DeviceRow]:
        """List the devices of a place, or of all, that have no fault yet."""
        broken = {fault.device for fault in self._active.values()}
        rows = [row for row in self._community.rows.values() if row.id not in broken]
        return [row for row in rows if contains(place, row.place)] if place else rows


def _check_place(place: str, rows: dict[str, DeviceRow]) -> None:
    places = {row.place for row in rows.values()}
    if not any(contains(place, each) for each in places):
        raise _unknown("place", place, places)


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
    names = sorted(known)
    close = nearest(word, names)
    hint = f"the nearest is {close}" if close else _some(names)
    return InvalidRequestError(
        f"no {what} is called {word!r}; {hint}",
        problems={what if what != "fault" else "name": hint},
    )


def _some(names: list[str]) -> str:
    more = ", …" if len(names) > LISTED else ""
    return f"there are {', '.join(names[:LISTED])}{more}"


def _list(kinds: Iterable[Kind]) -> str:
    return ", ".join(kind.value for kind in kinds)
