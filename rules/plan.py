"""What the rules need of the devices of one model: slots, trackers, who asks for what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from math import inf
from typing import Any

import msgspec

from hub.model.catalogue import DeviceModel, PointSpec, PointType
from hub.model.device import Kind
from hub.model.repeats import Need
from hub.model.report import Topic
from rules.language.node import Certainty, Head, May, Run
from rules.origin import Origin
from rules.rule import Rule
from rules.vocabulary import Vocabulary

PERIODS_KNOWN = 3
"""A reading of a point with a period is known for so many periods."""

PYTHON_TYPES: dict[PointType, tuple[type, ...]] = {
    PointType.BOOL: (bool,),
    PointType.ENUM: (str,),
    PointType.TEXT: (str,),
}
"""What a point's value must be to be believed; every other type is a number."""


class Plan:
    """Tables that all devices of one model share; filled while its rules are compiled."""

    def __init__(
        self, kind: Kind, vocabulary: Vocabulary, model: DeviceModel | None = None
    ) -> None:
        self.kind = kind
        self.vocabulary = vocabulary
        self.model = model
        self.slot_by_point: dict[str, int] = {}
        self.specs: list[PointSpec] = []
        self.lives: list[float] = []
        self.trackers: list[Callable[[], Any]] = []
        self.tracker_by_key: dict[str, int] = {}
        self.sorted_trackers: tuple[list[tuple[str, int]], list[tuple[str, int]]] | None = None
        self.routes = Routes()
        self.programs: list[Program] = []
        self.gauges: list[Any] = []
        self.alone: list[int] = []
        self.blanks: list[Any] = []
        self.reach = 0.0
        self.pause = inf
        self.concerned: dict[frozenset[int], list[int]] = {}
        self.conditions: dict[str, tuple[Run, tuple[int, ...]]] = {}
        self.take_origin(Origin())

    def close(self) -> None:
        """Fix the number of slots; called when every rule has been compiled."""
        self.blanks = [None] * len(self.specs)

    def concerned_by(self, slots: frozenset[int]) -> list[int]:
        """Return the places of the programs that read any of these slots."""
        found = self.concerned.get(slots)
        if found is None:
            pairs = enumerate(self.programs)
            found = [i for i, each in pairs if not slots.isdisjoint((*each.slots, *each.sampled))]
            self.concerned[slots] = found
        return found

    @cached_property
    def ties(self) -> list[int]:
        """Return the places of the programs that ask other devices."""
        return [i for i, each in enumerate(self.programs) if each.foreign or each.groups]

    @property
    def heartbeat(self) -> float:
        """Return the longest normal silence in seconds."""
        return 60.0 if self.model is None or self.is_kept else self.model.heartbeat

    @property
    def is_kept(self) -> bool:
        """Tell whether the devices count as heard until they say that they go."""
        return self.model is not None and self.model.heartbeat == inf

    def find_point(self, name: str) -> PointSpec | None:
        """Return what the model says about a point, or else its kind."""
        found = self.model.points.get(name) if self.model else None
        return found or self.vocabulary.find_point(self.kind, name)

    def slot_of(self, name: str) -> int | None:
        """Return the point's slot, made at the first call; None for a point that is not known."""
        if name in self.slot_by_point:
            return self.slot_by_point[name]
        spec = self.find_point(name)
        if spec is None:
            return None
        slot = self.slot_by_point[name] = len(self.specs)
        self.specs.append(msgspec.structs.replace(spec, name=name))
        self.lives.append(spec.period * PERIODS_KNOWN)
        self.routes.add_slot(spec.type)
        return slot

    def notice_silence(self, seconds: float) -> None:
        """Note after how long a silence some rule says something else."""
        self.pause = min(self.pause, seconds)

    @property
    def noticed(self) -> float:
        """Return after how many seconds of silence something is another thing."""
        return min(self.pause, PERIODS_KNOWN * self.heartbeat or inf)

    @property
    def need(self) -> Need:
        """Return what the rules need to know of the history of a device of this model."""
        routes = self.routes
        asked = (routes.observers, routes.settlers, routes.on_sample, routes.gauges_on_sample)
        each = frozenset(
            name
            for name, slot in self.slot_by_point.items()
            if self.lives[slot] or any(table[slot] for table in asked)
        )
        points = frozenset(self.slot_by_point)
        binding = (each for each in self.programs if each.binds)
        slots = {slot for each in binding for slot in each.slots}
        told = frozenset(name for name, slot in self.slot_by_point.items() if slot in slots)
        return Need(points=points, each=each, told=told, pause=self.noticed)

    def take_origin(self, origin: Origin) -> None:
        """Learn how the points of this model come, and where to note it."""
        self.origin = origin
        self.told: set[int] = set()
        self.measured: set[int] = set()

    def note_origin(self, topic: Topic, slots: Iterable[int]) -> None:
        """Note that these slots were said on this topic; `told` and `measured` know it then."""
        known = self.measured if topic is Topic.TELEMETRY else self.told
        known.update(slots)
        self.origin.note(topic, (self.specs[slot].name for slot in slots))

    def need_history(self, seconds: float) -> None:
        """Note how far back a window reaches."""
        self.reach = max(self.reach, seconds)

    def track(self, key: str, make: Callable[[], Any]) -> tuple[int, bool]:
        """Return (index of the tracker with this key, whether it is new)."""
        known = self.tracker_by_key.get(key)
        if known is not None:
            return known, False
        self.sorted_trackers = None
        self.trackers.append(make)
        self.tracker_by_key[key] = len(self.trackers) - 1
        return len(self.trackers) - 1, True


class Routes:
    """Where a fact goes: per slot and per event the trackers to feed and the programs to run.

    `settlers` are (tracker, condition) pairs to run at each reading of a slot; `on_sample`
    programs run at every reading, `on_change` when the value has changed; those that share a
    gauge are not among them, but their gauges by place.
    """

    def __init__(self) -> None:
        self.types: list[tuple[type, ...]] = []
        self.observers: list[list[int]] = []
        self.settlers: list[list[tuple[int, Run]]] = []
        self.on_sample: list[list[int]] = []
        self.on_change: list[list[int]] = []
        self.gauges_on_sample: list[list[int]] = []
        self.gauges_on_change: list[list[int]] = []
        self.sieves: dict[int | tuple[int, ...], Any] = {}
        """The programs to run, by the slots that were said and, behind -1, those that changed."""
        self.settles = False
        """Whether some tracker is asked at each reading."""
        self.observes = False
        """Whether some tracker is shown readings."""
        self.on_reading = False
        """Whether some program runs at readings that change nothing."""
        self.counters_by_event: dict[str, list[int]] = {}
        self.settlers_by_event: dict[str, list[tuple[int, Run]]] = {}
        self.programs_by_event: dict[str, list[int]] = {}
        self.on_contact: list[int] = []
        self.on_silence: list[int] = []

    def add_slot(self, kind: PointType) -> None:
        """Make room for one more point of this type."""
        self.types.append(PYTHON_TYPES.get(kind, (int, float)))
        for table in (
            *(self.observers, self.settlers, self.on_sample, self.on_change),
            *(self.gauges_on_sample, self.gauges_on_change),
        ):
            table.append([])


class Group(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A question to many devices: `relation` names them, `compile_for` puts it to one model.

    It gives (what to run, the slots that it reads), or None for a model that cannot answer.
    """

    relation: str
    key: str
    compile_for: Callable[[Plan], tuple[Run, tuple[int, ...]] | None]


class Program(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One rule, compiled for one model. `always` run before `when` and keep durations.

    `prepares` tells that there is something to do before `when`: durations, an expectation.
    `foreign` are (relation, point) pairs read from other devices. `by_arrival` programs ask
    whether the device is heard, which is told in arrival time. `head` is what `when` asks first;
    `may` tells what it can be in an hour, and `lives` whether it ever can be true on a device. One
    that `binds` has to be told of all changes, on any device. `rest` says when it surely is false.
    """

    rule: Rule
    when: Run
    head: Head | None
    may: May
    lives: Callable[[Any], bool]
    binds: bool
    rest: Certainty | None
    clear: Run | None
    stages: tuple[Run, ...]
    after: Run | None
    expect: Run | None
    always: tuple[Callable[[Any], None], ...]
    prepares: bool
    gap: float
    slots: tuple[int, ...]
    events: tuple[str, ...]
    sampled: tuple[int, ...]
    foreign: tuple[tuple[str, str], ...]
    groups: tuple[Group, ...]
    by_arrival: bool
    on_change: bool
