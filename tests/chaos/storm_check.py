"""Lets a storm pass over a hub, and says what is wrong with the tickets at its height and after."""

from __future__ import annotations

from collections import Counter

import msgspec

from tests.chaos.storm import START, Storm
from tests.chaos.storm_verdict import Seen, judge_grace, judge_height, see
from tests.support.straight_hub import StraightHub


class Passage(msgspec.Struct, kw_only=True):
    """What a storm has left: faults in words, and counts for a person to read."""

    faults: list[str] = []
    counts: Counter[str] = Counter()


def let_pass(storm: Storm, *, restart_at: float | None = None) -> Passage:
    """Let a storm pass; the hub dies and starts anew at an instant (seconds from the start)."""
    return _Watch(storm, restart_at).run()


class _Watch:
    def __init__(self, storm: Storm, restart_at: float | None) -> None:
        self._storm = storm
        self._scene = storm.scene
        self._times = storm.times
        self._waiting = list(storm.envelopes())[::-1]
        self._restart_at = restart_at
        self._found = Passage(faults=[], counts=Counter())
        self._hub = StraightHub(self._scene.devices, START)

    def run(self) -> Passage:
        if self._scene.roots:
            self._listen(self._times.over)
        else:
            self._listen(self._times.struck)
            self._cut(self._times.over)
        self._look_at_the_height()
        self._listen(self._times.repaired)
        self._look_after_the_grace()
        self._listen(self._times.end + 5)
        self._look_at_the_end()
        return self._found

    def _listen(self, until: float) -> None:
        if self._restart_at is not None and self._restart_at <= until:
            at, self._restart_at = self._restart_at, None
            self._listen(at)
            self._hub.start()
        while self._waiting and self._waiting[-1].received <= START + until:
            self._hub.hear(self._waiting.pop())
        self._hub.go_on(START + until)

    def _cut(self, until: float) -> None:
        self._hub.cut()
        waited = []
        while self._waiting and self._waiting[-1].received <= START + until:
            waited.append(msgspec.structs.replace(self._waiting.pop(), received=START + until))
        self._hub.go_on(START + until)
        self._hub.reconnect(waited)

    def _look_at_the_height(self) -> None:
        tickets = self._tickets()
        self._found.faults += judge_height(self._scene, tickets)
        self._found.counts["opened"] += len(tickets)
        self._found.counts["folded"] += sum(each.is_folded for each in tickets)
        self._found.counts["children"] += sum(len(each.children) for each in tickets if each.stands)

    def _look_after_the_grace(self) -> None:
        tickets = self._tickets()
        self._found.faults += judge_grace(self._storm, tickets, START + self._times.over)
        silent = {alarm.subject for alarm in self._hub.alarms(open_only=True)}
        if silent != self._storm.left:
            self._say(f"after the grace alarms of {sorted(silent ^ self._storm.left)} are wrong")
        self._found.counts["left"] += sum(each.waits for each in tickets)

    def _look_at_the_end(self) -> None:
        left = [alarm.subject for alarm in self._hub.alarms(open_only=True)]
        left += [each.subject for each in self._tickets() if each.waits]
        if left:
            self._say(f"left over at the end: {sorted(left)}")
        numbers = [entry.seq for entry in self._hub.journal()]
        if numbers != list(range(1, len(numbers) + 1)):
            self._say("the journal has a gap")

    def _tickets(self) -> list[Seen]:
        return [see(each) for each in self._hub.tickets()]

    def _say(self, fault: str) -> None:
        self._found.faults.append(fault)
