"""Who hangs on whom: the trees `upstream` and `power`, and circles that fail together."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hub.model.device import Device, Lifecycle
from hub.model.place import Place

COMMON_LINK = "mqtt"
"""The broker that everybody shares; any other link without an upstream device is a bus."""

Graph = Mapping[str, Sequence[str]]
_IN_USE = frozenset({Lifecycle.IN_SERVICE, Lifecycle.MAINTENANCE})


class Circle(msgspec.Struct, frozen=True, kw_only=True):
    """Devices of one kind behind one thing: `relation` is upstream (`of` a uid), link or place."""

    relation: str
    of: str
    kind: str


class Kinship:
    """The trees and circles of a site, by uid; built once per change of the site."""

    def __init__(self, devices: Iterable[Device], places: Mapping[str, Place]) -> None:
        self._devices: dict[str, Device] = {device.uid: device for device in devices}
        self._places = places
        uid_by_id = {device.id: uid for uid, device in self._devices.items()}
        self._above: Graph = {
            uid: [uid_by_id[each] for each in (device.upstream, device.power) if each in uid_by_id]
            for uid, device in self._devices.items()
        }
        self._carrier = {
            uid: uid_by_id.get(device.upstream, "") for uid, device in self._devices.items()
        }
        self._below = _turn(self._above)
        self._members = self._gather()

    def put(self, device: Device) -> None:
        """Learn that a device has another state."""
        self._devices[device.uid] = device
        for circle in self.circles(device.uid):
            others = [uid for uid in self._members[circle] if uid != device.uid]
            mine = [device.uid] if device.state is Lifecycle.IN_SERVICE else []
            self._members[circle] = [*others, *mine]

    def is_in_use(self, subject: str) -> bool:
        """Tell whether something is in service, or was before people began to work on it."""
        device = self._devices.get(subject)
        return device is None or device.state in _IN_USE

    def above(self, uid: str) -> list[str]:
        """Return everything that carries or feeds the device, nearest first."""
        return _walk(self._above, uid)

    def below(self, uid: str) -> list[str]:
        """Return everything that the device carries or feeds, nearest first."""
        return _walk(self._below, uid)

    def circles(self, uid: str) -> list[Circle]:
        """Return the circles that the device belongs to, the widest first."""
        device = self._devices.get(uid)
        if device is None:
            return []
        if self._carrier[uid]:
            return [Circle(relation="upstream", of=self._carrier[uid], kind=device.kind)]
        bus = [] if device.link == COMMON_LINK else [("link", device.link)]
        around = [*bus, ("place", device.place)]
        return [Circle(relation=relation, of=of, kind=device.kind) for relation, of in around]

    def members(self, circle: Circle) -> Sequence[str]:
        """Return the uids of a circle that are in service."""
        return self._members.get(circle, ())

    def meeting_place(self, uids: Iterable[str]) -> str:
        """Return the path of the nearest place that contains all of the devices."""
        paths = [self._devices[uid].place.split("/") for uid in uids]
        common: list[str] = []
        for level in zip(*paths, strict=False):
            if len(set(level)) > 1:
                break
            common.append(level[0])
        return "/".join(common)

    def link(self, subject: str) -> str:
        """Return the link that a device is heard over; empty for a place."""
        device = self._devices.get(subject)
        return device.link if device else ""

    def label(self, subject: str) -> str:
        """Return what people call a device or a place."""
        device = self._devices.get(subject)
        if device is not None:
            return device.name or device.id
        place = self._places.get(subject)
        return place.name if place else subject

    def _gather(self) -> defaultdict[Circle, list[str]]:
        members: defaultdict[Circle, list[str]] = defaultdict(list)
        for uid, device in self._devices.items():
            for circle in self.circles(uid) if device.state is Lifecycle.IN_SERVICE else ():
                members[circle].append(uid)
        return members


def _turn(graph: Graph) -> Graph:
    turned = defaultdict(list)
    for start, ends in graph.items():
        for end in ends:
            turned[end].append(start)
    return turned


def _walk(graph: Graph, start: str) -> list[str]:
    """Return what can be reached from `start`, breadth first, without `start` itself."""
    found: dict[str, None] = {start: None}
    queue = deque([start])
    while queue:
        for uid in graph.get(queue.popleft(), ()):
            if uid not in found:
                found[uid] = None
                queue.append(uid)
    return list(found)[1:]
