"""How a device stands: one word per device, from its link, its books and the age of its values."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from hub.model.device import Device, Kind, Lifecycle, LinkState
from hub.model.report import Quality, Value
from hub.ports import DeviceView, PointView

NEVER = float("inf")


class Standing(StrEnum):
    """What a shape says, worst first; the value is the CSS class and the catalogue's word."""

    URGENT = "urgent"
    FAULT = "fault"
    SILENT = "silent"
    STALE = "stale"
    NOTICE = "notice"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"
    NORMAL = "normal"


RANK = {standing: rank for rank, standing in enumerate(Standing)}
ABNORMAL = frozenset(
    {Standing.URGENT, Standing.FAULT, Standing.SILENT, Standing.STALE, Standing.NOTICE}
)
HIDDEN = frozenset({Lifecycle.PLANNED, Lifecycle.RETIRED})
IN_WORK = frozenset({Lifecycle.MAINTENANCE, Lifecycle.COMMISSIONING})


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """A device at a glance, without its tickets.

    `word` is a catalogue key that says what a gate does; `since` the instant of its last sign of
    life, or of its oldest value where one is stale; `spoils_at` when the first value turns stale.
    """

    device: Device
    standing: Standing
    since: float | None
    word: str = ""
    spoils_at: float = NEVER


def worst(standings: list[Standing]) -> Standing:
    """Return the worst of several; nothing is normal."""
    return min(standings, key=RANK.__getitem__, default=Standing.NORMAL)


def sight(view: DeviceView, now: float) -> Sighting:
    """Judge a device by what is known of it at `now`."""
    spoils_at = min((_spoils_at(point) for point in view.points.values()), default=NEVER)
    standing = _standing(view, stale=spoils_at <= now)
    return Sighting(
        device=view.device,
        standing=standing,
        since=_oldest_stale(view, now) if standing is Standing.STALE else view.heard_at,
        word=_gate_word(view) if view.device.kind is Kind.BARRIER_GATE else "",
        spoils_at=spoils_at if standing is Standing.NORMAL else NEVER,
    )


def is_stale(point: PointView, now: float) -> bool:
    """Tell whether a value is older than three of its periods."""
    return _spoils_at(point) <= now


def _standing(view: DeviceView, *, stale: bool) -> Standing:
    if view.device.state in IN_WORK:
        return Standing.MAINTENANCE
    if view.link is LinkState.SILENT:
        return Standing.SILENT
    if view.link is LinkState.UNKNOWN:
        return Standing.UNKNOWN
    return Standing.STALE if stale else Standing.NORMAL


def _spoils_at(point: PointView) -> float:
    return point.at + point.stale_after if point.stale_after > 0 else NEVER


def _oldest_stale(view: DeviceView, now: float) -> float:
    return min(point.at for point in view.points.values() if is_stale(point, now))


def _gate_word(view: DeviceView) -> str:
    if _good(view, "boom.broken") is True:
        return "gate.broken"
    if _good(view, "mode") == "hold_open":
        return "gate.hold_open"
    position = _good(view, "arm.position")
    known = position in {"open", "closed", "moving", "unknown"}
    return f"gate.{position}" if known else "gate.silence"


def _good(view: DeviceView, name: str) -> Value | None:
    point = view.points.get(name)
    return point.value if point is not None and point.quality is Quality.GOOD else None
