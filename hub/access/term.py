"""How long a key lasts or two overlap, as people write it: `90d`, `12h`, `30m`."""

from __future__ import annotations

import re

from hub.errors import InvalidRequestError

SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0}
_TERM = re.compile(r"([0-9]{1,6})([mhd])")


def read_term(text: str, field: str, *, least: float, most: float) -> float:
    """Return the seconds of `text`; InvalidRequestError when it is none, or not in the range."""
    found = _TERM.fullmatch(text.strip())
    seconds = int(found[1]) * SECONDS[found[2]] if found else -1.0
    if least <= seconds <= most:
        return seconds
    first, last = _write(least), _write(most)
    raise InvalidRequestError(
        f"{field}: {text!r} is not a time from {first} to {last}; write it like 90d or 12h.",
        problems={field: f"write {first} to {last}"},
        zh=f"{field}：{text!r} 不是 {first} 至 {last} 的时长，写法如 90d、12h。",
    )


def _write(seconds: float) -> str:
    unit = next((each for each in "dhm" if seconds and seconds % SECONDS[each] == 0), "m")
    return f"{seconds / SECONDS[unit]:g}{unit}"
