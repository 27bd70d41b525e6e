"""How a channel is: since when it works or fails and why, and how fast it may send."""

from __future__ import annotations

from collections import deque

import msgspec

from hub.courier.answer import Answer, Verdict

ENOUGH = 3
"""Failures in a row after which a channel is left alone for a while."""
FIRST_BREAK, LONGEST_BREAK = 15.0, 600.0
MINUTE = 60.0


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`since` it works or fails (`failing` says which), `why` it fails, and when it sent last."""

    since: float | None = None
    failing: bool = False
    why: str = ""
    failures: int = 0
    shut_until: float = 0.0
    sent_at: float | None = None
    sent: int = 0


def note(health: Health, answer: Answer, now: float, chance: float) -> Health:
    """Take an answer into account; an address that is wrong is not the channel's fault."""
    if answer.theirs:
        return health
    failing = answer.verdict is not Verdict.DELIVERED
    changed = msgspec.structs.replace(
        health,
        failing=failing,
        since=now if health.since is None or failing is not health.failing else health.since,
        why=answer.why,
    )
    if not failing:
        return msgspec.structs.replace(
            changed, failures=0, shut_until=0.0, sent_at=now, sent=health.sent + 1
        )
    return _break(changed, answer, now, chance)


def _break(health: Health, answer: Answer, now: float, chance: float) -> Health:
    """Leave the channel alone for as long as it asks, or after some failures in a row."""
    if answer.verdict is Verdict.REFUSED:
        return health
    failures = health.failures + 1
    grown = min(LONGEST_BREAK, FIRST_BREAK * 2.0 ** min(failures - ENOUGH, 20))
    pause = grown * (0.5 + chance / 2) if failures >= ENOUGH else 0.0
    return msgspec.structs.replace(
        health, failures=failures, shut_until=now + max(pause, answer.wait)
    )


class Pace:
    """Lets so many messages through in any minute, as vendors count them; `held` waits so far."""

    def __init__(self, per_minute: int) -> None:
        self.held = 0
        self._sent: deque[float] = deque(maxlen=per_minute)

    def free_at(self, now: float) -> float:
        """Return when the next message may go."""
        if len(self._sent) < (self._sent.maxlen or 1):
            return now
        return max(now, self._sent[0] + MINUTE)

    def count(self, now: float) -> None:
        """Count a message."""
        self._sent.append(now)
