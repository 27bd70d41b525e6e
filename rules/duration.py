"""Lengths of time as people write them: `90s`, `2m30s`, `1h`, `7d`."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_NUMBER = r"(\d+(?:\.\d+)?)"
_SHAPE = re.compile("".join(f"(?:{_NUMBER}{unit})?" for unit in _UNITS), re.ASCII)
_LONGEST = 400 * 86_400.0


def parse_duration(text: str) -> float:
    """Return the seconds of `2m30s`; units go from large to small, each once.

    Raises ValueError for anything else, and for more than 400 days.
    """
    match = _SHAPE.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is no length of time; write 90s, 2m30s, 1h or 7d")
    numbers = zip(match.groups(), _UNITS.values(), strict=True)
    seconds = sum(float(number) * unit for number, unit in numbers if number is not None)
    if seconds > _LONGEST:
        raise ValueError(f"{text!r} is longer than 400 days")
    return seconds


def write_duration(seconds: float) -> str:
    """Return `2m30s` for 150; exact to the millisecond, and `0s` for nothing."""
    if seconds < 0:
        return "-" + write_duration(-seconds)
    parts = []
    rest = round(seconds, 3)
    for unit, size in list(_UNITS.items())[:-1]:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{int(count)}{unit}")
    rest = round(rest, 3)
    if rest or not parts:
        parts.append(f"{rest:g}s")
    return "".join(parts)
