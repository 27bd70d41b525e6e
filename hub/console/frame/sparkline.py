"""A small curve drawn on the server as SVG, without script or style."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import escape

from hub.console.frame.span import hour_and_minute

WIDTH, HEIGHT, MARGIN = 640, 120, 8
COLUMNS = 320
"""Samples are thinned to the lowest and highest of each column."""

Sample = tuple[float, float]


def draw(samples: Sequence[Sample], *, title: str) -> str:
    """Draw (instant, value) pairs in order of time; empty for fewer than two."""
    if len(samples) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    values = [value for _, value in samples]
    low, high = min(values), max(values)
    points = " ".join(_points(_thin(samples), low, high))
    first, last = hour_and_minute(samples[0][0]), hour_and_minute(samples[-1][0])
    bottom = "" if high == low else f'<text x="0" y="{HEIGHT - 2}">{low:g}</text>'
    label = escape(f"{title}: {low:g} – {high:g}")
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT + 20}" role="img" aria-label="{label}">'
        f'<polyline fill="none" stroke="currentColor" stroke-width="2" points="{points}"/>'
        f'<text x="0" y="{HEIGHT + 16}">{first}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + 16}" text-anchor="end">{last}</text>'
        f'<text x="0" y="14">{high:g}</text>{bottom}</svg>'
    )


def _points(samples: Sequence[Sample], low: float, high: float) -> list[str]:
    start, end = samples[0][0], samples[-1][0]
    wide, tall = (end - start) or 1.0, (high - low) or 2.0
    low = low if high > low else low - 1.0
    return [
        f"{(at - start) / wide * WIDTH:.1f},"
        f"{HEIGHT - MARGIN - (value - low) / tall * (HEIGHT - 2 * MARGIN):.1f}"
        for at, value in samples
    ]


def _thin(samples: Sequence[Sample]) -> list[Sample]:
    size = -(-len(samples) // COLUMNS)
    if size < 2:  # noqa: PLR2004 - a column of one keeps everything
        return list(samples)
    thinned = []
    for start in range(0, len(samples), size):
        column = samples[start : start + size]
        ends = {min(column, key=lambda each: each[1]), max(column, key=lambda each: each[1])}
        thinned += sorted(ends)
    return thinned
