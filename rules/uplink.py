"""Which links are cut: the engine is told here what it cannot hear, and when it hears again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf

from hub.model.alarm import Decision
from rules.cut import (
    LONGEST_RETURN,
    count_silence,
    cut_off,
    end_wait,
    is_cut_off,
    listen_again,
    return_time,
    shorten_wait,
)
from rules.runner import Runner
from rules.state import NEVER, DeviceState


class Uplink:
    """Holds the links that are cut; the empty name is the hub's uplink as a whole.

    `cut` has for each the instant at which it was last heard, which is when the cut began, or
    before. `begin` is told every instant at which something is decided; see docs/adr/0008.
    """

    def __init__(self, runner: Runner, begin: Callable[[float], None]) -> None:
        self.cut: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._lasted: dict[str, float] = {}
        """Seconds that the last cut of each link took, from when the states were told on."""
        self._steady: set[str] = set()
        self._carried: set[str] = set()
        """Links whose devices had their broker all through the last cut."""
        self._runner = runner
        self._begin = begin
        self._world: Mapping[str, DeviceState] = {}

    def set_world(self, world: Mapping[str, DeviceState]) -> None:
        """Take the devices; those on a link that is cut are not judged."""
        self._world = world
        for link in self.cut:
            self._cut_off(link)

    def suspend(self, at: float, link: str = "") -> list[Decision]:
        """Say that the uplink, or one link, is lost: no deadline comes until `resume`.

        Nothing is judged at this instant.
        """
        self._begin(at)
        for known in (self._steady, self._carried):
            known.discard(link)
        self._lasted.pop(link, None)
        heard = max((d.contact.heard_at for d in self._on(link)), default=at)
        self.cut[link] = self._began[link] = at if heard == NEVER else min(heard, at)
        self._cut_off(link)
        return self._runner.take()

    def listen(self, at: float, link: str = "") -> None:
        """Say that the states which waited have been told: deadlines come again by `advance`.

        Silence still proves nothing, since measurements may wait; `resume` does both.
        """
        wait = self._wait(at, link)
        for d in self._on(link):
            listen_again(self._runner, d, at, wait)
        self._note_held()

    def miss(self, link: str = "") -> None:
        """Say that messages were lost in the cut that goes on: what was known is in doubt."""
        for d in self._on(link):
            d.contact.missed = is_cut_off(d)

    def resume(self, at: float, link: str = "") -> list[Decision]:
        """Say that messages come again, those that waited included; silence counts from `at`."""
        wait = self._wait(at, link)
        self.cut = {each: since for each, since in self.cut.items() if link not in {"", each}}
        for d in self._on(link):
            count_silence(self._runner, d, at, wait)
        self._note_held()
        return self._runner.take()

    def vouch(self, link: str = "") -> None:
        """Say that devices were connected all through the cut: none of them has to return."""
        self._steady.add(link)
        for d in self._on(link):
            if d.contact.listens not in {NEVER, inf}:
                end_wait(self._runner, d)
        self._note_held()

    def broker_ran(self, since: float, link: str) -> None:
        """Say since when the broker of a link has run: it may have had its devices all the time.

        They have as long to return, then, as the cut has lasted, since only a network can have
        taken them away; else `LONGEST_RETURN`, or until each says a state of its own.
        """
        if link in self._carried or since > self._began.get(link, -inf):
            return
        self._carried.add(link)
        if link in self._lasted:
            for d in self._on(link):
                shorten_wait(self._runner, d, return_time(self._lasted[link]))
            self._note_held()

    def _wait(self, at: float, link: str) -> float:
        """Return for how many seconds devices may be returning, once the states were told."""
        lasted = self._lasted.setdefault(link, at - self.cut.get(link, at))
        if link in self._steady:
            return 0.0
        return return_time(lasted) if link in self._carried else LONGEST_RETURN

    def _cut_off(self, link: str) -> None:
        for d in self._on(link):
            cut_off(self._runner, d)
        self._runner.agenda.sweep()
        self._note_held()

    def _note_held(self) -> None:
        listens = (d.contact.listens for d in self._world.values())
        self._runner.held_until = max(listens, default=NEVER)

    def _on(self, link: str) -> list[DeviceState]:
        return [d for d in self._world.values() if link in {"", d.device.link}]
