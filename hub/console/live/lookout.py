"""The lookout: knows how every device stands, and judges again only what has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from hub.access.web_ports import WebPorts
from hub.console.frame.naming import building_of, place_name
from hub.console.live.cell import Cell, Ground, build_cell
from hub.console.live.chronicle import Chronicle
from hub.console.live.job import Job, jobs
from hub.console.live.standing import HIDDEN, RANK, Sighting, Standing, sight
from hub.model.device import Kind
from hub.model.hold import Hold
from hub.model.journal import Entry

CHATTER = frozenset(
    {
        "device.silent",
        "device.back",
        "device.gap",
        "device.clock_wrong",
        "device.clock_right",
        "device.flooded",
        "device.flood_over",
        "device.counter_doubted",
        "device.counter_replaced",
    }
)
"""Device entries that leave the books as they are."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What walls show, of the whole community.

    `received` maps a ticket to who has got it; `folded` has the devices that a root fault explains.
    `shortage` names what a full disk leaves.
    """

    at: float
    cells: tuple[Cell, ...]
    gates: tuple[Sighting, ...]
    jobs: tuple[Job, ...]
    burdens: dict[str, Standing]
    recent: tuple[Entry, ...]
    received: dict[str, str]
    folded: frozenset[str]
    shortage: str = ""
    holds: tuple[Hold, ...] = ()


class Lookout:
    """Follows the journal and the devices; `refresh` is called by whoever looks."""

    def __init__(self, ports: WebPorts) -> None:
        self._ports = ports
        self._chronicle = Chronicle(ports)
        self._mark = 0
        self._sightings: dict[str, Sighting] = {}
        self._members: dict[str, list[str]] = {}
        self._cells: dict[str, Cell] = {}
        self._burdens: dict[str, Standing] = {}

    async def refresh(self) -> Outlook:
        """Take over what has happened since the last call; calls must not overlap."""
        now = self._ports.clock.now()
        entries = await self._chronicle.read_on()
        self._mark, moved = self._ports.pulse.changed_devices(self._mark)
        if not self._sightings or any(_moves_books(entry) for entry in entries):
            changed = self._scan(now)
        else:
            changed = self._judge(moved | self._spoiled(now), now)
        return self._sum_up(changed, now)

    def _scan(self, now: float) -> set[str]:
        places = self._ports.live.places()
        self._sightings, self._members, self._cells = {}, {}, {}
        for view in self._ports.live.devices():
            device = view.device
            if device.state in HIDDEN:
                continue
            self._sightings[device.id] = sight(view, now)
            if device.kind is not Kind.BARRIER_GATE:
                self._members.setdefault(building_of(device.place, places), []).append(device.id)
        return set(self._sightings)

    def _judge(self, device_ids: Iterable[str], now: float) -> set[str]:
        """Look again at some devices; return those that look different."""
        different = set()
        for device_id in device_ids:
            view, old = self._ports.live.device(device_id), self._sightings.get(device_id)
            if view is None or old is None:
                continue
            new = self._sightings[device_id] = sight(view, now)
            if (new.standing, new.word) != (old.standing, old.word):
                different.add(device_id)
        return different

    def _spoiled(self, now: float) -> set[str]:
        return {id_ for id_, seen in self._sightings.items() if seen.spoils_at <= now}

    def _sum_up(self, changed: set[str], now: float) -> Outlook:
        live, chronicle = self._ports.live, self._chronicle
        waiting = jobs(live.open_tickets(), live.open_alarms(), self._sightings)
        burdens = _burdens(waiting)
        self._rebuild(changed | _differences(self._burdens, burdens), burdens)
        self._burdens = burdens
        chronicle.keep_secret(live.open_alarms())
        chronicle.forget({job.number for job in waiting})
        return Outlook(
            at=now,
            cells=tuple(sorted(self._cells.values(), key=lambda cell: not cell.marks)),
            gates=tuple(s for s in self._sightings.values() if _is_gate(s)),
            jobs=waiting,
            burdens=burdens,
            recent=chronicle.told(),
            received=dict(chronicle.received),
            folded=frozenset(id_ for ticket in live.open_tickets() for id_ in ticket.children),
            shortage=self._ports.shortage(),
            holds=tuple(self._ports.holds.holds()),
        )

    def _rebuild(self, changed: set[str], burdens: Mapping[str, Standing]) -> None:
        places = self._ports.live.places()
        for place, members in self._members.items():
            if place in self._cells and changed.isdisjoint(members):
                continue
            group = place.rpartition("/")[0] or place
            ground = Ground(
                place=place, name=place_name(place, places), group=place_name(group, places)
            )
            seen = [self._sightings[device_id] for device_id in members]
            self._cells[place] = build_cell(ground, seen, burdens)


def _burdens(waiting: Iterable[Job]) -> dict[str, Standing]:
    burdens: dict[str, Standing] = {}
    for job in waiting:
        known = burdens.get(job.subject, job.standing)
        burdens[job.subject] = min(known, job.standing, key=RANK.__getitem__)
    return burdens


def _differences(old: Mapping[str, Standing], new: Mapping[str, Standing]) -> set[str]:
    return {id_ for id_ in old.keys() | new.keys() if old.get(id_) is not new.get(id_)}


def _is_gate(seen: Sighting) -> bool:
    return seen.device.kind is Kind.BARRIER_GATE


def _moves_books(entry: Entry) -> bool:
    if entry.type.startswith("device."):
        return entry.type not in CHATTER
    return entry.type.startswith("site.")
