"""Orders and ties: how rows of one instant stay apart, and which ticket is newer than which."""

from __future__ import annotations

from hub.ports import EventRow

_PLACES = 65_536
_NUMBER_PARTS = 3


def tie(row: EventRow, index: int) -> int:
    """Return what tells `row` from others of its name, instant and boot.

    That is its `seq`; without one, milliseconds under way and place in its batch, so that the
    same batch gives the same rows again. Rows of one instant stand in order of arrival.
    """
    if row.seq is not None:
        return row.seq
    return round((row.received - row.at) * 1000) * _PLACES + index % _PLACES


def ticket_order(number: str) -> tuple[str, int]:
    """Return (day as YYYYMMDD, count of the day) of `GS-20261124-0007`; anything else is oldest."""
    parts = number.rsplit("-", 2)
    if len(parts) == _NUMBER_PARTS and parts[2].isdecimal():
        return parts[1], int(parts[2])
    return "", 0
