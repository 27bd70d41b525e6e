"""Scenes of storms: a site, the root faults that strike it, and what hangs on each root."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hub.model.device import Device, Kind
from tests.unit.intake.stage import device

POWERED = frozenset({Kind.SWITCH, Kind.POWER_SUPPLY, Kind.ACCESS_CONTROLLER})
"""Kinds that notice by themselves that the mains are lost, and live on a battery for a while."""
HEALTHY: Mapping[Kind, Mapping[str, Any]] = {
    Kind.SWITCH: {"online": True, "supply.mains": True},
    Kind.POWER_SUPPLY: {"online": True, "supply.mains": True},
    Kind.CAMERA: {"online": True, "stream.ok": True, "picture.ok": True},
    Kind.RECORDER: {"online": True, "recording": True, "disk.ok": True},
    Kind.UNIT_DOOR: {"door.open": False, "lock.locked": True},
    Kind.ACCESS_CONTROLLER: {"supply.mains": True, "tamper": False, "fire.input": False},
    Kind.BARRIER_GATE: {"arm.position": "closed", "mode": "auto", "boom.broken": False},
}


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """A root fault, and what is said in its last instant.

    `last_words` are of its device and of what notices the same, `whispers` about the children, by
    kind: what a recorder says of a channel. Who is lost right behind its last words is only silent:
    `faults` are those that its ticket may be about.
    """

    device: str
    faults: frozenset[str]
    last_words: Mapping[str, Any] = {}
    whispers: Mapping[Kind, Mapping[str, Any]] = {}


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A site and what strikes it; without roots it is the hub itself that is cut off."""

    name: str
    devices: tuple[Device, ...]
    roots: tuple[Root, ...]

    def below(self, name: str) -> set[str]:
        """Return everything that a device carries or feeds, at any depth."""
        found: set[str] = set()
        ring = {name}
        while ring:
            ring = {each.id for each in self.devices if {each.upstream, each.power} & ring} - found
            found |= ring
        return found

    def struck(self) -> dict[str, list[Root]]:
        """Return who falls silent, and the roots that may explain it."""
        struck: dict[str, list[Root]] = {}
        for root in self.roots:
            for name in (root.device, *sorted(self.below(root.device))):
                struck.setdefault(name, []).append(root)
        return struck

    def called(self, stem: str) -> Scene:
        """Return the same scene with a stem before each name, to stand beside others."""
        devices = [
            msgspec.structs.replace(
                each,
                id=stem + each.id,
                address=stem + each.address,
                upstream=each.upstream and stem + each.upstream,
                power=each.power and stem + each.power,
            )
            for each in self.devices
        ]
        roots = [msgspec.structs.replace(each, device=stem + each.device) for each in self.roots]
        return Scene(name=self.name, devices=tuple(devices), roots=tuple(roots))


def many(kind: Kind, count: int, stem: str, **fields: Any) -> list[Device]:  # noqa: ANN401
    """Make `count` devices of a kind."""
    return [device(f"{stem}-{number:02}", kind, **fields) for number in range(count)]


def stairwell(number: int, **fields: Any) -> list[Device]:  # noqa: ANN401
    """Make a switch with four cameras, two doors and a controller."""
    switch = f"sw-{number}"
    below = {"upstream": switch, **fields}
    return [
        device(switch, Kind.SWITCH, upstream="core", **fields),
        *many(Kind.CAMERA, 4, f"cam-{number}", **below),
        *many(Kind.UNIT_DOOR, 2, f"door-{number}", **below),
        device(f"ctl-{number}", Kind.ACCESS_CONTROLLER, **below),
    ]


BYSTANDERS = [*many(Kind.BARRIER_GATE, 2, "gate"), *many(Kind.CAMERA, 2, "lone", place="gs/a")]
SWITCH_DOWN = frozenset({"network.switch_down"})
NO_POWER = frozenset({"power.mains_lost", "power.silent"})
NO_MAINS = {"supply.mains": False}


def _scene(name: str, devices: Iterable[Device], *roots: Root) -> Scene:
    return Scene(name=name, devices=(*devices, *BYSTANDERS), roots=roots)


SWITCH = _scene(
    "a switch with 24 cameras",
    [device("sw", Kind.SWITCH), *many(Kind.CAMERA, 24, "cam", upstream="sw")],
    Root(device="sw", faults=SWITCH_DOWN),
)
POWER = _scene(
    "a building's power",
    [
        device("ups", Kind.POWER_SUPPLY),
        device("core", Kind.SWITCH),
        *stairwell(1, power="ups"),
        *stairwell(2, power="ups"),
    ],
    Root(device="ups", faults=NO_POWER, last_words=NO_MAINS),
)
RECORDER = _scene(
    "a recorder with its channels",
    [
        device("sw", Kind.SWITCH),
        device("nvr", Kind.RECORDER, upstream="sw"),
        *many(Kind.CAMERA, 16, "channel", upstream="nvr"),
    ],
    Root(
        device="nvr",
        faults=frozenset({"recorder.lost"}),
        whispers={Kind.CAMERA: {"online": False}},
    ),
)
CHAIN = _scene(
    "a chain of three levels",
    [device("core", Kind.SWITCH), *stairwell(1), *stairwell(2)],
    Root(device="core", faults=SWITCH_DOWN),
)
TWO = _scene(
    "two roots at once",
    [
        device("core", Kind.SWITCH),
        device("ups", Kind.POWER_SUPPLY),
        *stairwell(1),
        *stairwell(2, power="ups"),
        *many(Kind.UNIT_DOOR, 2, "both", upstream="sw-1", power="ups"),
    ],
    Root(device="sw-1", faults=SWITCH_DOWN),
    Root(device="ups", faults=NO_POWER, last_words=NO_MAINS),
)
BROKER = _scene(
    "an outage of the community's broker",
    [device("core", Kind.SWITCH), *stairwell(1), *stairwell(2)],
)
SCENES: Sequence[Scene] = (SWITCH, POWER, RECORDER, CHAIN, TWO, BROKER)
