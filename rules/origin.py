"""By which topics the points of each model come: as states, as measurements, or as both.

States and events come over one session and measurements over another, each in its own order. What
has come as a state, and never as a measurement, has no older news in the session of those. It is
noted for each model, since devices of one make speak alike, and kept over a restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from hub.model.report import Topic
from hub.ports import StateRow

if TYPE_CHECKING:
    from rules.state import DeviceState

PREFIX = "origin/"


class Origin:
    """The points of a model that came as states (`told`), and as measurements.

    `is_new` tells that there is something to be stored.
    """

    __slots__ = ("is_new", "measured", "told")

    def __init__(self) -> None:
        self.told: set[str] = set()
        self.measured: set[str] = set()
        self.is_new = False

    def note(self, topic: Topic, names: Iterable[str]) -> None:
        """Note how points have come."""
        known = self.measured if topic is Topic.TELEMETRY else self.told
        fresh = set(names) - known
        known |= fresh
        self.is_new = self.is_new or bool(fresh)

    def comes_by_states(self, names: Iterable[str]) -> bool:
        """Tell whether each of the points came as a state, and none as a measurement."""
        return all(name in self.told and name not in self.measured for name in names)


class Origins:
    """What is known of all models, for an engine's plans and its store."""

    def __init__(self) -> None:
        self._by_model: dict[str, Origin] = {}

    def give(self, devices: Iterable[DeviceState]) -> None:
        """Let the plans of devices know what is known of their models."""
        for plan in {id(d.plan): d.plan for d in devices}.values():
            if plan.model is not None:
                plan.take_origin(self._of(plan.model.id))

    def load(self, row: StateRow) -> bool:
        """Take back what was stored; tell whether the row is of this book."""
        if not row.key.startswith(PREFIX) or row.data is None:
            return False
        origin = self._of(row.key.removeprefix(PREFIX))
        told, measured = msgspec.msgpack.decode(row.data, type=tuple[list[str], list[str]])
        origin.told.update(told)
        origin.measured.update(measured)
        return True

    def take_rows(self) -> Iterator[StateRow]:
        """Yield what has changed since the last call."""
        for model, origin in self._by_model.items():
            if origin.is_new:
                origin.is_new = False
                data = msgspec.msgpack.encode((sorted(origin.told), sorted(origin.measured)))
                yield StateRow(key=PREFIX + model, data=data)

    def _of(self, model: str) -> Origin:
        return self._by_model.setdefault(model, Origin())
