"""Days × alarms as SVG: when a rule would have rung, above when the one in force would have."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import escape

from hub.console.frame.span import day_and_time
from hub.model.instant import day_number, start_of_day

WIDTH, LANE, GAP, FOOT = 720, 34, 8, 18
DAY = 86_400.0
LABELS = 8
"""Days that are named at most."""
THINNEST = 2.0


Lane = tuple[str, Sequence[tuple[float, float | None]]]
"""A name, and its alarms as (raised, cleared); cleared None is: still, or not known."""


def draw_strip(lanes: Sequence[Lane], start: float, end: float, since: float) -> str:
    """Draw lanes one below the other from `start` to `end`; nothing is known before `since`."""
    tall = len(lanes) * (LANE + GAP) + FOOT
    said = "; ".join(f"{name}: {len(alarms)}" for name, alarms in lanes)
    parts = [
        f'<svg class="strip" viewBox="0 0 {WIDTH} {tall}" role="img" aria-label="{escape(said)}">',
        *_days(start, end, tall - FOOT),
    ]
    for index, lane in enumerate(lanes):
        parts += _lane(lane, index * (LANE + GAP), start, end, "tried" if index == 0 else "before")
    if (known := _at(since, start, end)) > THINNEST:
        parts.append(
            f'<rect class="unknown" x="0" y="0" width="{known:.1f}" height="{tall - FOOT}"/>'
        )
    return "".join([*parts, "</svg>"])


def _lane(lane: Lane, top: int, start: float, end: float, look: str) -> list[str]:
    _, alarms = lane
    ground = f'<rect class="ground" x="0" y="{top}" width="{WIDTH}" height="{LANE}"/>'
    marks = []
    for raised, cleared in alarms:
        left = _at(raised, start, end)
        wide = max(THINNEST, _at(raised if cleared is None else cleared, start, end) - left)
        marks.append(
            f'<rect class="{look}" x="{left:.1f}" y="{top + 2}" width="{wide:.1f}"'
            f' height="{LANE - 4}"><title>{day_and_time(raised)}</title></rect>'
        )
    return [ground, *marks]


def _days(start: float, end: float, tall: int) -> list[str]:
    first, last = day_number(start) + 1, day_number(end)
    every = max(1, -(-(last - first + 1) // LABELS))
    lines = []
    for day in range(first, last + 1):
        x = _at(start_of_day(day), start, end)
        lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{tall}"/>')
        if (day - first) % every == 0:
            text = day_and_time(start_of_day(day))[:5]
            lines.append(f'<text x="{min(x, WIDTH - 36):.1f}" y="{tall + FOOT - 3}">{text}</text>')
    return lines


def _at(instant: float, start: float, end: float) -> float:
    share = (instant - start) / max(end - start, 1.0)
    return min(max(share, 0.0), 1.0) * WIDTH
