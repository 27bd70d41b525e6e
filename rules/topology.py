"""One root fault, one ticket: a silent device waits, is folded into what explains it, or passes.

This stage stands between the engine's decisions and the alarms. Only rules that say
`explains = "silence"` take part; everything else passes untouched and at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import inf

import msgspec

from hub.model.alarm import Action, Decision
from hub.model.device import Device
from hub.model.place import Place
from hub.ports import StateRow
from rules.silence.casebook import WAITING, Case, Casebook, Standing
from rules.silence.common_cause import find_common_cause
from rules.silence.explanation import end_of_wait_above, find_explanation, let_out, take_in
from rules.silence.kinship import Kinship
from rules.silence.outcome import BACK_ITSELF, SETTLING, Folded, Held, Outcome, Pass, Root
from rules.silence.recovery import GRACE_TIME, count_again, give_grace, release_below

SETTLING_TIME = 60.0
"""Seconds that a silent device waits for something above it to be seen."""
TAKES_PART = "silence"

IsEnding = Callable[[str, str], bool]
"""Tells whether the alarm of (subject, rule) is about to end by itself."""


def _never(_subject: str, _rule: str) -> bool:
    return False


class Topology:
    """Holds, folds and passes decisions about silence; knows the site's trees."""

    def __init__(self, devices: Iterable[Device], places: Mapping[str, Place]) -> None:
        self._kin = Kinship(devices, places)
        self._book = Casebook()
        self._blind: set[str] = set()

    def set_world(self, devices: Iterable[Device], places: Mapping[str, Place]) -> None:
        """Learn a changed site; what is open stays open."""
        self._kin = Kinship(devices, places)

    def put_device(self, device: Device) -> None:
        """Learn that a device has another state; what is open stays open."""
        self._kin.put(device)

    def knows(self, subject: str, rule: str) -> bool:
        """Tell whether the silence of (subject, rule) has begun here, and has not ended."""
        return self._book.find((subject, rule)) is not None

    def take(self, decision: Decision, now: float) -> list[Outcome]:
        """Take one decision of the engine and return what becomes of it, and of others.

        What is not in service yet, or no more, explains nothing and is explained by nothing.
        """
        if decision.explains != TAKES_PART or decision.trial:
            return [Pass(decision=decision)]
        case = self._book.find((decision.subject, decision.rule))
        if case is None:
            is_new = decision.action is Action.RAISE and self._kin.is_in_use(decision.subject)
            return self._begin(decision, now) if is_new else [Pass(decision=decision)]
        if decision.action is Action.CLEAR:
            return self._close(case, decision, now)
        case.decision = msgspec.structs.replace(
            decision, action=Action.RAISE, children=case.decision.children
        )
        self._book.keep(case)
        return [Pass(decision=decision)] if case.standing is Standing.OPEN else []

    def advance(self, now: float, is_ending: IsEnding = _never) -> list[Outcome]:
        """Let those go on that have waited long enough.

        Who is heard again by then (`is_ending`) goes on waiting, though its alarm has not ended.
        """
        outcomes: list[Outcome] = []
        while (case := self._book.pop_due(now)) is not None:
            if is_ending(*case.key):
                self._book.let_wait(case, case.standing, case.until + SETTLING_TIME)
                outcomes.append(Held(decision=case.decision, until=case.until, reason=BACK_ITSELF))
            else:
                outcomes += self._settle(case)
        return outcomes

    def next_due(self) -> float | None:
        """Return the instant (epoch seconds) at which `advance` has something to do."""
        return self._book.next_due()

    def pause(self, link: str = "") -> None:
        """Stop the waiting on a link, or on all: the hub's own broker or uplink is down."""
        self._blind.add(link)
        for case in self._book:
            if case.standing in WAITING and self._is_blind(case):
                self._book.let_wait(case, case.standing, inf)

    def resume(self, now: float, link: str = "") -> None:
        """Go on: whoever waits there gets a grace, since everybody has yet to be heard again."""
        self._blind.discard(link)
        for case in self._book:
            if case.standing in WAITING and case.until == inf and not self._is_blind(case):
                self._book.let_wait(case, case.standing, now + GRACE_TIME)

    def take_states(self) -> list[StateRow]:
        """Return what has changed since the last call, to be stored in the same commit."""
        return self._book.take_states()

    def restore(self, rows: Iterable[StateRow], now: float) -> None:
        """Take back what was stored before a restart; whoever waits gets a settling time anew."""
        self._book.restore(rows, not_before=now + SETTLING_TIME)

    def _is_blind(self, case: Case) -> bool:
        return "" in self._blind or self._kin.link(case.decision.subject) in self._blind

    def _begin(self, decision: Decision, now: float) -> list[Outcome]:
        case = Case(decision=decision, depth=len(self._kin.above(decision.subject)))
        root = find_explanation(case, self._book, self._kin)
        if root is not None:
            return take_in(case, root, self._book, self._kin)
        until = inf if self._is_blind(case) else now + SETTLING_TIME
        self._book.let_wait(case, Standing.SETTLING, until)
        return [Held(decision=decision, until=case.until, reason=SETTLING)]

    def _settle(self, case: Case) -> list[Outcome]:
        root = find_explanation(case, self._book, self._kin)
        if root is not None:
            return take_in(case, root, self._book, self._kin)
        later = end_of_wait_above(case, self._book, self._kin)
        if later > case.until:
            self._book.let_wait(case, case.standing, later)
            return [Held(decision=case.decision, until=later, reason=SETTLING)]
        group = find_common_cause(case, self._book, self._kin, together=SETTLING_TIME)
        return let_out(group or case, self._book, self._kin)

    def _close(self, case: Case, decision: Decision, now: float) -> list[Outcome]:
        self._book.drop(case)
        outcomes: list[Outcome] = [Pass(decision=decision)] if case.shown else []
        outcomes += give_grace(case, self._book, self._kin, now)
        outcomes += release_below(case, self._book, self._kin, now)
        outcomes += count_again(case.root, self._book, self._kin, now)
        return outcomes


__all__ = ["GRACE_TIME", "SETTLING_TIME", "Folded", "Held", "Outcome", "Pass", "Root", "Topology"]
