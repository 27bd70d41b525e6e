"""What the platform does wrong on command: at its door, and in what it sends."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

import msgspec

from hub.errors import InvalidRequestError, NotFoundError
from hub.model.spelling import suggest

FOREVER = -1


class Wrong(StrEnum):
    """The faults by their names; those of the door first."""

    DOWN = "down"
    SLOW = "slow"
    ERROR = "error"
    MOVED = "moved"
    GARBAGE = "garbage"
    WRONG_NUMBER = "wrong-number"
    DUPLICATES = "duplicates"
    LATE_UPDATES = "late-updates"
    FORGETS_CURSOR = "forgets-cursor"


MEANS: dict[Wrong, str] = {
    Wrong.DOWN: "closes the connection without a word",
    Wrong.SLOW: "takes 20 s to answer, longer than a hub waits",
    Wrong.ERROR: "answers 500, and keeps nothing",
    Wrong.MOVED: "answers 301 to another address",
    Wrong.GARBAGE: "answers with bytes that are no HTTP",
    Wrong.WRONG_NUMBER: "writes down another number than it has sent",
    Wrong.DUPLICATES: "sends each step three times, once with the same Idempotency-Key",
    Wrong.LATE_UPDATES: "sends its step before again behind each, with its old instant",
    Wrong.FORGETS_CURSOR: "begins the feed from its start with each page",
}
DOOR = frozenset({Wrong.DOWN, Wrong.SLOW, Wrong.ERROR, Wrong.MOVED, Wrong.GARBAGE})


class Fault(msgspec.Struct, kw_only=True):
    """A fault that goes on; `left` times more, or until it is ended."""

    name: Wrong
    means: str
    left: int


class Mischief:
    """Holds the faults that go on, and says of each occasion whether it strikes."""

    def __init__(self) -> None:
        self._faults: dict[Wrong, Fault] = {}
        self.struck: deque[str] = deque(maxlen=10_000)

    def begin(self, name: str, times: int = FOREVER) -> Fault:
        """Begin a fault; InvalidRequestError with the nearest good word."""
        if name not in {*Wrong}:
            problem = f"{name!r} is no fault; {suggest(name, [*Wrong])}"
            raise InvalidRequestError(f"name: {problem}.", problems={"name": problem})
        wrong = Wrong(name)
        self._faults[wrong] = Fault(name=wrong, means=MEANS[wrong], left=times)
        return self._faults[wrong]

    def end(self, name: str) -> Fault:
        """End a fault; NotFoundError where it does not go on."""
        found = self._faults.pop(Wrong(name), None) if name in {*Wrong} else None
        if found is None:
            raise NotFoundError(f"no fault {name!r} goes on")
        return found

    def active(self) -> list[Fault]:
        """List what goes on."""
        return list(self._faults.values())

    def strikes(self, *names: Wrong) -> Wrong | None:
        """Return the first of these faults that goes on, and count it."""
        for name in names:
            fault = self._faults.get(name)
            if fault is None:
                continue
            fault.left -= fault.left > 0
            if not fault.left:
                del self._faults[name]
            self.struck.append(name)
            return name
        return None
