"""What lasts and has no end of its own: an alert that is repeated while it is true.

Cameras say every second that a picture is covered, and nothing once it is clear again. So the end
is made here, once it was not repeated for a while.
"""

from __future__ import annotations

from typing import NamedTuple


class Ended(NamedTuple):
    """An episode that is over: whose, what was said last, and how many seconds ago."""

    address: str
    payload: bytes
    after: float


class Episodes:
    """Knows what lasts on one stream; `quiet` seconds without a repetition end it."""

    def __init__(self, quiet: float) -> None:
        self._quiet = quiet
        self._lasting: dict[tuple[str, str], tuple[bytes, float, float]] = {}
        """Address and kind → what was said last, when, and since when it could be repeated."""

    def note(self, address: str, kind: str, payload: bytes, now: float) -> None:
        """Take what was said: it lasts."""
        self._lasting[address, kind] = payload, now, now

    def end(self, address: str, kind: str) -> None:
        """Take note that the device itself has said that it is over."""
        self._lasting.pop((address, kind), None)

    def lasts(self, address: str) -> bool:
        """Tell whether anything lasts there."""
        return any(each == address for each, _ in self._lasting)

    def resume(self, now: float) -> None:
        """Note that the stream is there again: what lasts can be repeated from now on."""
        for key, (payload, said, _) in self._lasting.items():
            self._lasting[key] = payload, said, now

    def take_ended(self, now: float) -> list[Ended]:
        """Return and forget what was not repeated."""
        over = [key for key, (_, _, heard) in self._lasting.items() if now - heard >= self._quiet]
        return [
            Ended(address, payload, now - said)
            for address, kind in over
            for payload, said, _ in (self._lasting.pop((address, kind)),)
        ]
