"""Lets a storm pass over a hub, and says what is wrong with the tickets at its height and after."""

from __future__ import annotations

from collections import Counter

import msgspec

from hub.model.ticket import Ticket, TicketFlag
from hub.services.follow_up import is_open
from tests.chaos.storm import END, OVER, REPAIRED, START, STRUCK, Storm
from tests.chaos.storm_scene import Root
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
        self._waiting = list(storm.envelopes())[::-1]
        self._restart_at = restart_at
        self._found = Passage(faults=[], counts=Counter())
        self._hub = StraightHub(self._scene.devices, START)

    def run(self) -> Passage:
        if self._scene.roots:
            self._listen(OVER)
        else:
            self._listen(STRUCK)
            self._cut(OVER)
        self._look_at_the_height()
        self._listen(REPAIRED)
        self._look_after_the_grace()
        self._listen(END + 5)
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
        tickets = self._hub.tickets()
        standing = [each for each in tickets if is_open(each)]
        self._compare(
            "at the height of the storm", standing, {root.device for root in self._scene.roots}
        )
        for root in self._scene.roots:
            self._look_at_root(root, standing)
        self._found.counts["opened"] += len(tickets)
        self._found.counts["folded"] += sum(bool(each.folded_into) for each in tickets)
        self._found.counts["children"] += sum(len(each.children) for each in standing)

    def _look_at_root(self, root: Root, standing: list[Ticket]) -> None:
        for ticket in standing:
            if ticket.subject != root.device:
                continue
            if ticket.fault not in root.faults:
                self._say(f"{root.device}: its ticket is about {ticket.fault}")
            only = {n for n, roots in self._scene.struck().items() if roots == [root]}
            missing = only - {*ticket.children, root.device}
            strange = {*ticket.children} - self._scene.below(root.device)
            if missing or strange:
                self._say(f"{root.device}: not listed {sorted(missing)}, wrong {sorted(strange)}")

    def _look_after_the_grace(self) -> None:
        tickets = self._hub.tickets()
        standing = [each for each in tickets if is_open(each) and not _is_over(each)]
        self._compare("after the grace", standing, self._storm.expected_left())
        new = {each.subject for each in tickets if each.opened_at > START + OVER}
        if new - self._storm.expected_left():
            self._say(f"in the grace there were tickets for {sorted(new)}")
        silent = {alarm.subject for alarm in self._hub.alarms(open_only=True)}
        if silent != self._storm.left:
            self._say(f"after the grace alarms of {sorted(silent ^ self._storm.left)} are wrong")
        self._found.counts["left"] += len(standing)

    def _look_at_the_end(self) -> None:
        left = [alarm.subject for alarm in self._hub.alarms(open_only=True)]
        left += [
            each.subject for each in self._hub.tickets() if is_open(each) and not _is_over(each)
        ]
        if left:
            self._say(f"left over at the end: {sorted(left)}")
        numbers = [entry.seq for entry in self._hub.journal()]
        if numbers != list(range(1, len(numbers) + 1)):
            self._say("the journal has a gap")

    def _compare(self, when: str, standing: list[Ticket], subjects: set[str]) -> None:
        found = Counter(each.subject for each in standing)
        if found != Counter(subjects):
            self._say(f"{when} there are tickets for {dict(found)}, and not for {sorted(subjects)}")

    def _say(self, fault: str) -> None:
        self._found.faults.append(fault)


def _is_over(ticket: Ticket) -> bool:
    return TicketFlag.RECOVERED in ticket.flags
