"""One meter on a line: what it is asked for, how long it is waited for, what it does not have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from device_drivers.links.breaker import Breaker
from device_drivers.links.line_tongue import Tongue, tongue_of
from device_drivers.links.patience import Patience
from hub.model.catalogue import DeviceModel, Item
from hub.model.device import Device

MISSING_REST = 3600.0
"""Seconds until an identifier that a meter does not have is asked for again."""


def meters_of(
    devices: Iterable[Device],
    models: Mapping[str, DeviceModel],
    timeout: float,
    *,
    steady: bool = False,
) -> list[LineMeter]:
    """Return those that can be asked: of a meter's model, with a meter's address.

    `timeout` in seconds is the longest wait for an answer, and the only one where it is `steady`.
    """
    known = [(each, tongue_of(models[each.model], each.address)) for each in devices]
    return [
        LineMeter(each, tongue, models[each.model].items, Patience(timeout, steady=steady))
        for each, tongue in known
        if tongue is not None and models[each.model].items
    ]


class LineMeter:
    """One meter by its own number, and how long it is waited for."""

    def __init__(
        self, device: Device, tongue: Tongue, items: Sequence[Item], patience: Patience
    ) -> None:
        self.uid = device.uid
        self.address = device.address
        self.tongue = tongue
        self.breaker = Breaker()
        self.patience = patience
        self._ways: dict[str, list[str]] = {}
        """Point → identifiers that bring it, the best first."""
        for item in items:
            self._ways.setdefault(item.point, []).append(item.di)
        self._missing: dict[str, float] = {}

    def wanted(self, now: float) -> list[str]:
        """Return the identifiers to ask for: for each point the best that the meter has."""
        self._missing = {di: due for di, due in self._missing.items() if now < due}
        every = list(self._ways.values())
        best = [next((di for di in ways if di not in self._missing), "") for ways in every]
        # Something must be asked for, or nobody would see that the meter is alive.
        return [di for di in dict.fromkeys(best) if di] or [every[0][0]]

    def learn_missing(self, di: str, now: float) -> None:
        """Note that the meter does not have this; the next best is asked for."""
        self._missing[di] = now + MISSING_REST
