"""Until when everything has been heard: a timer comes only once nothing can be under way before it.

A connection that is half open looks like one on which nobody speaks. So before a timer comes each
session has to bring back a message of the hub's own that was sent after the timer's instant; it
comes behind all that the broker had for the hub by then. See docs/adr/0017.
"""

from __future__ import annotations

from collections.abc import Callable

ASK_EVERY = 0.1
"""Seconds between two questions: one answer is for every timer that was due when it was asked."""

Prove = Callable[[], None]
"""Asks each session that is up for a proof; `LinkWatch.link_heard` gets it."""


class Hearing:
    """Knows for each session that has caught up until when all was heard.

    Without `prove` nobody is asked, and all counts as heard.
    """

    def __init__(self, prove: Prove | None) -> None:
        self._prove = prove
        self._until: dict[str, float] = {}
        self._next = 0.0

    def begin(self, session: str, at: float) -> None:
        """Note that a session has caught up: all up to `at` was heard."""
        self._until[session] = at

    def end(self, session: str) -> None:
        """Note that a session is lost; others say what happens to its timers."""
        self._until.pop(session, None)

    def note(self, session: str, at: float) -> None:
        """Take a proof: all up to `at` was heard."""
        if session in self._until:
            self._until[session] = max(at, self._until[session])

    def until(self, now: float, due: float | None) -> float:
        """Return up to when timers may come; asks for a proof where one is due that may not."""
        if self._prove is None or due is None or due > now:
            return now
        proven = min(self._until.values(), default=now)
        if proven < due and now >= self._next:
            self._next = now + ASK_EVERY
            self._prove()
        return min(now, proven)

    def next_look(self, due: float, now: float) -> float:
        """Return when to look again after a timer that is due; an answer comes by itself."""
        return max(due, self._next) if due <= now < self._next else due
