"""Numbers of alarms and tickets: never twice, and sorted as they were given."""

from __future__ import annotations

from collections.abc import Mapping

from hub.model.instant import local_day


class DeskNumbers:
    """Draws the numbers; the intake is the only one who draws them.

    An alarm's number counts on from the journal's: each alarm writes at least one entry, so no
    number comes twice and a later one sorts behind, whatever the clock does.
    """

    def __init__(self, *, prefix: str, last_seq: int, last_ticket: Mapping[str, int]) -> None:
        self._prefix = prefix
        self._last_alarm = last_seq
        self._last_ticket = dict(last_ticket)

    def next_alarm(self) -> str:
        """Return `A` and ten digits."""
        self._last_alarm += 1
        return f"A{self._last_alarm:010d}"

    def next_ticket(self, now: float) -> str:
        """Return the next number of the community's day, such as `GS-20261124-0007`."""
        number, day = self.peek_ticket(now), local_day(now)
        self._last_ticket[day] = self._last_ticket.get(day, 0) + 1
        return number

    def peek_ticket(self, now: float) -> str:
        """Return the number that comes next, and leave it to be drawn."""
        day = local_day(now)
        return f"{self._prefix}-{day}-{self._last_ticket.get(day, 0) + 1:04d}"
