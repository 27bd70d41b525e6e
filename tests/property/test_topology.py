"""Topology on sites and storms that nobody wrote: who is silent is told, listed, or still waits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.alarm import Action
from hub.model.device import Device, Kind
from rules.silence.casebook import WAITING, Case, Standing
from rules.silence.explanation import find_explanation
from rules.topology import Topology
from tests.unit.rules_library.test_topology import PLACES, RULE_BY_KIND, T, World, device, say

LONG = bool(os.environ.get("CHAOS_LONG"))
KINDS = (Kind.SWITCH, Kind.POWER_SUPPLY, Kind.CAMERA, Kind.CAMERA, Kind.CAMERA)
SECOND_RULE = "mains-lost"
"""Another rule of the same device that explains silence."""
MOST = 12
LATER = 3_600.0
"""Seconds in which every wait is over."""
many = settings(max_examples=20_000 if LONG else 2_000, derandomize=not LONG)

WHAT = ("flip", "flip", "below", "crowd", "crowd", "repair", "mains", "pause", "restart")
"""One device changes; all that hangs on it falls silent, or its siblings do, or all is back; it
tells of its mains; the hub is cut off, or hears again; it dies, and another takes up."""

links = st.sampled_from([None, 0, 0, 0, 1, 2])
sites = st.lists(st.tuples(st.sampled_from(KINDS), links, links), min_size=6, max_size=MOST)
steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 30.0, 59.0, 61.0, 121.0, 400.0]),
        st.sampled_from(WHAT),
        st.integers(0, MOST - 1),
    ),
    min_size=1,
    max_size=40,
)
Step = tuple[float, str, int]


def build(shape: Sequence[tuple[Kind, int | None, int | None]]) -> list[Device]:
    """Make a site; each may hang on what stands before it, so that there is no ring."""
    devices = []
    for number, (kind, upstream, power) in enumerate(shape):
        above = {
            name: f"id-d{other}"
            for name, other in (("upstream", upstream), ("power", power))
            if other is not None and other < number
        }
        devices.append(device(f"d{number}", kind, **above))
    return devices


class Storm:
    """Devices that fall silent and come back by turns, and a hub that hears of it."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self.world = World(devices)
        self.now = T
        self.silent: set[tuple[str, str]] = set()
        self._devices = devices
        self._stored: dict[str, Any] = {}
        self._is_blind = False

    def take(self, step: Step) -> None:
        """Let time pass, and something happen."""
        pause, what, number = step
        self.now += pause
        self.world.wait_until(self.now)
        each = self._devices[number % len(self._devices)]
        if what == "pause":
            self._is_blind = not self._is_blind
            self._cut()
        elif what == "restart":
            self._restart()
        elif what == "mains":
            self._flip(each, SECOND_RULE)
        else:
            self._strike(each, what)
        self._store()

    def cases(self) -> list[Case]:
        """Return what the hub knows of who is silent."""
        return list(self.world.topology._book)

    def settle(self) -> None:
        """Let the hub hear again, and wait until every wait is over."""
        if self._is_blind:
            self._is_blind = False
            self._cut()
        self.now += LATER
        self.world.wait_until(self.now)

    def _strike(self, each: Device, what: str) -> None:
        """Change a device, or several one second apart."""
        kin = self.world.topology._kin
        crowd = kin.members(kin.circles(each.uid)[0])
        below = {"flip": [], "crowd": crowd}.get(what, kin.below(each.uid))
        struck = [one for one in self._devices if one.uid in {*below, each.uid}]
        for one in struck:
            is_silent = (one.uid, RULE_BY_KIND[one.kind]) in self.silent
            if what == "flip" or is_silent is (what == "repair"):
                self._flip(one, RULE_BY_KIND[one.kind])
                self.now += 1.0

    def _store(self) -> None:
        self._stored |= {row.key: row for row in self.world.topology.take_states()}

    def _flip(self, each: Device, rule: str) -> None:
        key = (each.uid, rule)
        action = Action.CLEAR if key in self.silent else Action.RAISE
        self.silent ^= {key}
        self.world.take(say(action, each.uid, each.kind, self.now, rule=rule))

    def _cut(self) -> None:
        topology = self.world.topology
        if self._is_blind:
            topology.pause("mqtt")
        else:
            topology.resume(self.now, "mqtt")

    def _restart(self) -> None:
        self._store()
        self.world.topology = Topology(self._devices, PLACES)
        self.world.topology.restore(self._stored.values(), self.now)
        if self._is_blind:
            self._cut()


def faults(storm: Storm) -> list[str]:
    """Return what must never be so, at whatever moment."""
    book, kin = storm.world.topology._book, storm.world.topology._kin
    found = []
    for case in storm.cases():
        root = book.find(case.root)
        if case.standing is Standing.FOLDED and (
            root is None or root.standing is not Standing.OPEN
        ):
            found.append(f"{case.key} hangs on {case.root}, which is not told")
        if case.standing is Standing.FOLDED and find_explanation(case, book, kin) is None:
            found.append(f"{case.key} hangs on {case.root}, which does not explain it")
        if case.standing is Standing.OPEN and find_explanation(case, book, kin) is not None:
            found.append(f"{case.key} is told though something explains it")
        if case.standing in WAITING and case.root is not None:
            found.append(f"{case.key} waits, and hangs on {case.root}")
    told = sorted(case.decision.subject for case in storm.cases() if case.standing is Standing.OPEN)
    if storm.world.tickets() != told:
        found.append(f"there are tickets for {storm.world.tickets()}, and cases for {told}")
    known = {case.key for case in storm.cases() if case.circle is None}
    if known != storm.silent:
        found.append(f"known are {known}, silent {storm.silent}")
    return found


@many
@given(shape=sites, story=steps)
def test_who_is_silent_is_told_or_hangs_on_who_is_told(
    shape: list[tuple[Kind, int | None, int | None]], story: list[Step]
) -> None:
    storm = Storm(build(shape))
    for step in story:
        storm.take(step)
        assert faults(storm) == []
    storm.settle()
    assert faults(storm) == []
    assert [case.key for case in storm.cases() if case.standing in WAITING] == []
