"""Finds the device behind an envelope and has its driver translate it.

What cannot be understood is quarantined, what nobody has adopted is counted among the newcomers;
neither stops what comes behind it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from hub.errors import ProtocolError
from hub.model.catalogue import DeviceModel
from hub.model.device import Device, Lifecycle
from hub.model.report import Report
from hub.ports import (
    EVERYBODY,
    Driver,
    Envelope,
    Guesser,
    NewcomerRow,
    Part,
    QuarantineRow,
    Registers,
    Splitter,
)

SAMPLE_BYTES = 2048
MOST_TOPICS = 200_000
"""Topics of one link whose device is remembered."""


class Parcel(msgspec.Struct, frozen=True):
    """An envelope that tells of several devices: what each part turned out to be."""

    parts: Sequence[Routed]


Routed = Sequence[Report] | QuarantineRow | NewcomerRow | Parcel
"""What an envelope turned out to be: reports, not to be understood, or of nobody in the books."""


def uids_of(routed: Routed) -> list[str]:
    """Return the devices that reports are of; none for what is no reports."""
    if isinstance(routed, QuarantineRow | NewcomerRow | Parcel):
        return []
    return [report.uid for report in routed]


class Router:
    """Knows which device answers to which address on which link, and which driver speaks for it."""

    def __init__(self, drivers: Mapping[str, Driver], link_drivers: Mapping[str, str]) -> None:
        """Take drivers by name and, for each link, the name of the driver that finds addresses."""
        self._drivers = drivers
        self._finders = {link: drivers[name] for link, name in link_drivers.items()}
        self._splitters = {
            link: driver for link, driver in self._finders.items() if isinstance(driver, Splitter)
        }
        self._devices: dict[tuple[str, str], tuple[Device, Driver]] = {}
        self._spoken: dict[str, Driver] = {}
        self._known: dict[str, dict[str, tuple[Device, Driver]]] = {}
        """Link → address in an envelope → who it is, as far as it has come."""

    def set_devices(self, devices: Sequence[Device], models: Mapping[str, DeviceModel]) -> None:
        """Learn the books anew; retired devices are strangers."""
        self._spoken = {each.uid: self._speaker(each, models[each.model]) for each in devices}
        self._devices = {
            (device.link, device.address): (device, self._spoken[device.uid])
            for device in devices
            if device.state is not Lifecycle.RETIRED
        }
        self._known = {link: {} for link in self._finders}

    def put_device(self, device: Device) -> None:
        """Learn that a device has another state."""
        key = (device.link, device.address)
        if device.state is Lifecycle.RETIRED:
            self._devices.pop(key, None)
        else:
            self._devices[key] = (device, self._spoken[device.uid])
        if device.link in self._known:
            self._known[device.link] = {}

    def find(self, envelope: Envelope) -> Device | None:
        """Return the device behind an envelope, or None where nobody has adopted it.

        None as well where it tells of several.
        """
        with contextlib.suppress(ProtocolError):
            address = self._finders[envelope.link].device_address(envelope)
            return self._devices.get((envelope.link, address), (None,))[0]
        return None

    def route(self, envelope: Envelope) -> Routed:
        """Translate one envelope; never raises for what a device has sent."""
        try:
            known = self._known[envelope.link].get(envelope.address)
            if known is None:
                return self._find_out(envelope)
            device, driver = known
            return driver.decode(envelope, device)
        except ProtocolError as error:
            return quarantine(envelope, str(error))
        except Exception as error:  # noqa: BLE001 - a driver's bug must not stop the messages behind
            reason = f"the driver failed on it ({type(error).__name__}: {error}); report this"
            return quarantine(envelope, reason)

    def _find_out(self, envelope: Envelope) -> Routed:
        splitter = self._splitters.get(envelope.link)
        if splitter is not None:
            return Parcel(list(self._route_parts(splitter.split(envelope))))
        finder = self._finders[envelope.link]
        address = finder.device_address(envelope)
        found = self._devices.get((envelope.link, address))
        if found is None:
            return _newcomer(envelope, address, _guess(finder, envelope))
        known = self._known[envelope.link]
        if len(known) >= MOST_TOPICS:  # a device may say words without end below its topic
            known.clear()
        known[envelope.address] = found
        device, driver = found
        return driver.decode(envelope, device)

    def _route_parts(self, parts: Sequence[Part]) -> Iterator[Routed]:
        named = {part.address for part in parts}
        for part in parts:
            addresses = [part.address]
            if part.address == EVERYBODY:
                link = part.envelope.link
                addresses = [at for on, at in self._devices if on == link and at not in named]
            for address in addresses:
                yield self._route_part(part, address)

    def _route_part(self, part: Part, address: str) -> Routed:
        """Translate what a message says of one device; a bad part leaves the others be."""
        link = part.envelope.link
        found = self._devices.get((link, address))
        try:
            if found is not None:
                device, driver = found
                return driver.decode(part.envelope, device)
            if part.quiet:
                return ()
            return _newcomer(part.envelope, address, _guess(self._finders[link], part.envelope))
        except ProtocolError as error:
            return quarantine(part.envelope, str(error))

    def _speaker(self, device: Device, model: DeviceModel) -> Driver:
        """Return who speaks for a device: its link's own driver knows where the topics begin."""
        finder = self._finders.get(device.link)
        if finder is None or finder.name != model.driver:
            return self._drivers[model.driver]
        return finder


def _guess(finder: Driver, envelope: Envelope) -> str:
    return finder.guess(envelope) if isinstance(finder, Guesser) else finder.name


def quarantine(envelope: Envelope, reason: str) -> QuarantineRow:
    """Keep a message for a person to look at, with the reason why nothing else was done."""
    return QuarantineRow(
        link=envelope.link,
        address=envelope.address,
        payload=to_bytes(envelope.payload),
        reason=reason,
        at=envelope.received,
    )


def _newcomer(envelope: Envelope, address: str, guess: str) -> NewcomerRow:
    return NewcomerRow(
        link=envelope.link,
        address=address,
        sample=to_bytes(envelope.payload)[:SAMPLE_BYTES],
        guess=guess,
        at=envelope.received,
    )


def to_bytes(payload: bytes | tuple[Registers, ...]) -> bytes:
    """Return a payload as bytes; register blocks become JSON."""
    return payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
