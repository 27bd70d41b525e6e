"""Marks of alarms that were told before a gate closed: a fire, a maintenance, a device out of use.

Who was told stays told, and is not told again when it is over: an alarm that is marked keeps its
ticket. What gets worse meanwhile waits with what the gates have stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from hub.intake.gate_book import Key
from hub.model.alarm import Alarm, AlarmState
from rules.gates import Verdict

MARKING = frozenset({"in_service", "maintenance", "notice", "fire"})
"""Gates that mark what was told before they closed."""

Ask = Callable[[Alarm], Verdict | None]
"""Asks the gates about an alarm as if it were raised now; None where none of `MARKING` is first."""


class Marks:
    """Knows which alarms are marked, and by what the gates have said."""

    def __init__(self) -> None:
        self._said: dict[Key, Verdict | None] = {}

    def restore(self, alarms: Iterable[Alarm]) -> None:
        """Take back the marks that were stored with the alarms."""
        self._said = {(alarm.uid, alarm.rule): None for alarm in alarms if alarm.held_by}

    def __contains__(self, key: object) -> bool:
        """Tell whether an alarm is marked."""
        return key in self._said

    def __len__(self) -> int:
        """Return how many are."""
        return len(self._said)

    def drop(self, key: Key) -> None:
        """Forget a mark: the alarm is over, or was told anew."""
        self._said.pop(key, None)

    def of(self, uid: str) -> Iterator[tuple[str, Verdict]]:
        """Yield (rule, what the gates said) of a subject's marked alarms."""
        for (subject, rule), verdict in self._said.items():
            if subject == uid and verdict is not None:
                yield rule, verdict

    def find(self, alarms: Iterable[Alarm], ask: Ask) -> list[tuple[Alarm, str]]:
        """Return alarms whose mark has to change, with the gate that closed, or "" for none."""
        told = [each for each in alarms if each.held_by or _is_told(each)]
        marks = [(alarm, self._mark(alarm, ask(alarm))) for alarm in told]
        return [(alarm, gate) for alarm, gate in marks if gate != alarm.held_by]

    def _mark(self, alarm: Alarm, verdict: Verdict | None) -> str:
        key = alarm.uid, alarm.rule
        if verdict is None:
            self.drop(key)
            return ""
        self._said[key] = verdict
        return verdict.gate


def _is_told(alarm: Alarm) -> bool:
    return alarm.state is AlarmState.RAISED and not alarm.explained_by
