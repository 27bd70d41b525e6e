"""What rules may talk about: the points, events and commands of each kind of device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.model.catalogue import DeviceModel, PointSpec
from hub.model.device import Kind
from hub.model.kinds import CORE_EVENTS, CORE_POINTS, find_core_point


class Vocabulary:
    """The core of each kind and all that its models add; `missed` are the rules' own events."""

    def __init__(self, models: Mapping[str, DeviceModel], missed: Iterable[str] = ()) -> None:
        self._points: dict[Kind, dict[str, PointSpec]] = {kind: {} for kind in Kind}
        self._events: dict[Kind, set[str]] = {kind: set(CORE_EVENTS[kind]) for kind in Kind}
        self._commands: dict[Kind, set[str]] = {kind: set() for kind in Kind}
        self._missed = frozenset(f"{rule}.missed" for rule in missed)
        for model in models.values():
            for spec in model.points.values():
                self._points[model.kind].setdefault(spec.name, spec)
            self._events[model.kind].update(model.events)
            self._commands[model.kind].update(model.commands)

    def find_point(self, kind: Kind, name: str) -> PointSpec | None:
        """Return the point of that name of a kind, from its core or any of its models."""
        return find_core_point(kind, name) or self._points[kind].get(name)

    def find_anywhere(self, name: str) -> PointSpec | None:
        """Return the first point of that name of any kind."""
        return next((spec for kind in Kind if (spec := self.find_point(kind, name))), None)

    def added_points(self, kind: Kind) -> dict[str, PointSpec]:
        """Return what models of the kind have beside its core."""
        return {
            name: spec
            for name, spec in self._points[kind].items()
            if find_core_point(kind, name) is None
        }

    def point_names(self, kind: Kind) -> list[str]:
        """Return every point of the kind by name, for the nearest one."""
        return [*CORE_POINTS[kind], *self._points[kind]]

    def event_names(self, kind: Kind) -> set[str]:
        """Return every event of the kind, with the rules' own."""
        return self._events[kind] | self._missed

    def command_names(self, kind: Kind) -> set[str]:
        """Return the commands of the kind; empty where no model says."""
        return self._commands[kind]
