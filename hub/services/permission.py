"""Whether an order may be given: by this person, to this device, now. Pure; a refusal says why."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import (
    CommandRefusedError,
    ForbiddenError,
    InvalidRequestError,
)
from hub.model.access import Identity, Role
from hub.model.device import Device, Kind, Lifecycle, LinkState
from hub.model.report import Value
from hub.model.spelling import suggest
from hub.ports import DeviceView

ALLOWED: dict[Kind, tuple[str, ...]] = {
    Kind.BARRIER_GATE: ("open", "close"),
    Kind.UNIT_DOOR: ("open",),
}
"""Kind → orders that one person may give; hold-open and bulk orders need two."""
BY_TWO: dict[Kind, tuple[str, ...]] = {Kind.BARRIER_GATE: ("hold_open", "release")}
"""Kind → orders that come of what two people have agreed to (`hub/services/hold.py`)."""

MAY_COMMAND = frozenset({Role.GUARD, Role.MANAGER, Role.ADMINISTRATOR})

CONFIRMS: dict[str, frozenset[tuple[str, Value]]] = {
    "open": frozenset(
        {
            ("arm.position", "open"),
            ("arm.limit_open", True),
            ("lock.locked", False),
            ("door.open", True),
        }
    ),
    "close": frozenset({("arm.position", "closed"), ("arm.limit_closed", True)}),
    "hold_open": frozenset({("arm.position", "open")}),
    "release": frozenset({("arm.position", "closed")}),
}
"""Order → values of points that show that it was carried out."""


def may_hold(who: Identity, device: Device) -> bool:
    """Tell whether this person is offered to have this device held open."""
    fit = device.kind in BY_TWO and not device.attributes.get("fire_linked")
    return fit and who.role in MAY_COMMAND


def check(
    view: DeviceView, do: str, *, reason: str, who: Identity, now: float, two: bool = False
) -> None:
    """Raise what refuses the order: its reason, the person, its kind, or the device's state.

    With `two` it is one that comes of what two people have agreed to.
    """
    _check_reason(reason, view.device)
    _check_person(who, view.device)
    _check_order(view.device, do, BY_TWO if two else ALLOWED)
    _check_device(view, do, now)


def _check_reason(reason: str, device: Device) -> None:
    if not reason.strip():
        raise InvalidRequestError(
            f"{device.id}: an order needs a reason; say why",
            problems={"reason": "say why"},
            zh=f"{device.id}：请写明理由。",
        )


def _check_person(who: Identity, device: Device) -> None:
    if who.role not in MAY_COMMAND:
        roles = ", ".join(sorted(MAY_COMMAND))
        raise ForbiddenError(
            f"{device.id}: a {who.role} gives no orders; {roles} may",
            zh=f"{device.id}：你的角色不能远程开，请找保安或经理。",
        )
    if not who.may_see(device.place):
        raise ForbiddenError(
            f"{device.id} is not in your part of the community",
            zh=f"{device.id} 不在你负责的片区。",
        )


def _check_order(device: Device, do: str, orders: Mapping[Kind, tuple[str, ...]]) -> None:
    allowed = orders.get(device.kind, ())
    if not allowed:
        raise CommandRefusedError(
            f"{device.id}: a {device.kind} takes no orders from here",
            zh=f"{device.id} 不能远程操作。",
        )
    if do not in allowed:
        hint = suggest(do, allowed)
        raise CommandRefusedError(
            f"{device.id}: a {device.kind} cannot be told {do!r}; {hint}",
            zh=f"{device.id} 没有“{do}”这个指令。",
        )
    if device.attributes.get("fire_linked"):
        raise CommandRefusedError(
            f"{device.id} belongs to the fire release, which is wired; use its manual release",
            zh=f"{device.id} 由消防联动控制，不能远程开，请用手动装置。",
        )
    if device.state in {Lifecycle.PLANNED, Lifecycle.RETIRED}:
        raise CommandRefusedError(
            f"{device.id} is {device.state}; it takes no orders",
            zh=f"{device.id} 没有投用，不能远程开。",
        )


def _check_device(view: DeviceView, do: str, now: float) -> None:
    name = view.device.id
    if view.link is not LinkState.ONLINE:
        raise CommandRefusedError(
            f"{name} is {view.link}: it cannot be heard; go to the gate",
            zh=f"{name} 没有在线，看不到它的状态，请到现场。",
        )
    for point, _ in sorted(CONFIRMS[do], key=str):
        seen = view.points.get(point)
        if seen and seen.stale_after and now - seen.at > seen.stale_after:
            age = round(now - seen.at)
            raise CommandRefusedError(
                f"{name}: {point} is {age} s old (stale); look at the gate",
                zh=f"{name}：数据已过期 {age} 秒，请到现场看。",
            )
