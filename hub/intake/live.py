"""The state of everything as of the last commit, in memory, for those who look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from hub.errors import NotFoundError
from hub.model.alarm import Alarm, AlarmState, Severity
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, LinkState
from hub.model.place import Place
from hub.model.report import Report, Sample, Topic, replaces
from hub.model.ticket import Ticket, TicketState
from hub.ports import Changes, DeviceView, Document, HeardRow, PointView, Snapshot
from hub.services.commission.state_book import DEVICES

RANK = {severity: rank for rank, severity in enumerate(Severity)}
ENDED = frozenset({TicketState.CLOSED, TicketState.VOIDED})
STALE_PERIODS = 3

Explain = Callable[[str], list[dict[str, Any]]]
"""Gives each gate and rule of a device (by uid) with its answer."""


class LiveState:
    """Implements `hub.ports.Live`; `apply` is called once per commit, after it."""

    def __init__(self) -> None:
        self.explain: Explain = _nothing
        self._devices: dict[str, Device] = {}
        self._old_names: Mapping[str, str] = {}
        self._formerly: dict[str, tuple[str, ...]] = {}
        self._models: Mapping[str, DeviceModel] = {}
        self._places: Mapping[str, Place] = {}
        self._points: dict[str, dict[str, Report]] = {}
        """Device → point → the report that named it last, as what waits to be saved has it."""
        self._heard: dict[str, HeardRow] = {}
        self._alarms: dict[str, Alarm] = {}
        self._tickets: dict[str, Ticket] = {}

    def set_site(
        self,
        devices: Sequence[Device],
        places: Mapping[str, Place],
        models: Mapping[str, DeviceModel],
    ) -> None:
        """Learn the books anew."""
        self._devices = {device.id: device for device in devices}
        self._places = places
        self._models = models

    def set_old_names(self, old_names: Mapping[str, str]) -> None:
        """Learn which ids devices had before: old id → id of now."""
        self._old_names = old_names
        self._formerly = {}
        for old, new in old_names.items():
            self._formerly[new] = (*self._formerly.get(new, ()), old)

    def restore(self, snapshot: Snapshot) -> None:
        """Take over what was stored."""
        for (uid, at), rows in groupby(snapshot.points, key=attrgetter("uid", "at")):
            samples = tuple(Sample(row.point, row.value, row.quality) for row in rows)
            self._take(
                Report(address="", uid=uid, topic=Topic.STATE, at=at, received=at, samples=samples)
            )
        self._heard = {row.uid: row for row in snapshot.heard}
        self._alarms = {alarm.id: alarm for alarm in snapshot.alarms}
        self._tickets = {t.number: t for t in snapshot.tickets if t.state not in ENDED}

    def apply(self, changes: Changes) -> None:
        """Take over what was just committed."""
        for report in changes.readings:
            if not report.late:
                self._take(report)
        for heard in changes.heard:
            self._heard[heard.uid] = heard
        for alarm in changes.alarms:
            self._alarms[alarm.id] = alarm
            if alarm.state is AlarmState.CLEARED:
                del self._alarms[alarm.id]
        for ticket in changes.tickets:
            self._take_ticket(ticket)
        for document in changes.documents:
            self._take_book(document)

    def _take_book(self, document: Document) -> None:
        if document.collection == DEVICES and document.body and document.key in self._devices:
            device = msgspec.json.decode(document.body, type=Device)
            # At a first start every device is written, and others hold those of the site file.
            if device != self._devices[document.key]:
                self._devices[document.key] = device

    def _take_ticket(self, ticket: Ticket) -> None:
        self._tickets[ticket.number] = ticket
        if ticket.state in ENDED:
            del self._tickets[ticket.number]

    def _take(self, report: Report) -> None:
        points = self._points.setdefault(report.uid, {})
        for sample in report.samples:
            known = points.get(sample.point)
            if known is None or replaces(report, known.at):
                points[sample.point] = report

    def devices(self) -> Iterable[DeviceView]:
        """Return every device in the order of the site file."""
        return map(self._view, self._devices.values())

    def links(self) -> Iterable[LinkState]:
        """Return how every device is heard."""
        return map(self._link, self._devices.values())

    def device(self, device_id: str) -> DeviceView | None:
        """Return one device by its readable id, also by one that it had before."""
        device = self._devices.get(self._old_names.get(device_id, device_id))
        return self._view(device) if device else None

    def places(self) -> Mapping[str, Place]:
        """Return the places by path."""
        return self._places

    def open_alarms(self) -> Sequence[Alarm]:
        """Return alarms that are raised or suppressed, worst and oldest first."""
        return sorted(self._alarms.values(), key=lambda a: (RANK[a.severity], a.raised_at))

    def open_tickets(self) -> Sequence[Ticket]:
        """Return tickets that are neither closed nor voided, worst and oldest first."""
        return sorted(self._tickets.values(), key=lambda t: (RANK[t.severity], t.opened_at))

    def why(self, device_id: str) -> list[dict[str, Any]]:
        """Return each gate and rule of a device with its answer and its reason."""
        device = self._devices.get(self._old_names.get(device_id, device_id))
        if device is None:
            msg = f"there is no device {device_id!r}; look it up in /api/v1/devices"
            raise NotFoundError(msg)
        return self.explain(device.uid)

    def _link(self, device: Device) -> LinkState:
        heard = self._heard.get(device.uid)
        return heard.state if heard else LinkState.UNKNOWN

    def _view(self, device: Device) -> DeviceView:
        heard = self._heard.get(device.uid)
        return DeviceView(
            device=device,
            link=self._link(device),
            heard_at=heard.at if heard else None,
            points=self._point_views(device),
            formerly=self._formerly.get(device.id, ()),
        )

    def _point_views(self, device: Device) -> dict[str, PointView]:
        specs = self._models[device.model].points
        views: dict[str, PointView] = {}
        last, said = None, {}
        for name, report in self._points.get(device.uid, {}).items():
            if report is not last:
                last, said = report, {sample.point: sample for sample in report.samples}
            spec, sample = specs.get(name), said[name]
            views[name] = PointView(
                value=sample.value,
                unit=spec.unit if spec else "",
                quality=sample.quality,
                at=report.at,
                stale_after=STALE_PERIODS * spec.period if spec else 0.0,
            )
        return views


def _nothing(_uid: str) -> list[dict[str, Any]]:
    return []
