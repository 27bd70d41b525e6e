"""QR labels (标签) on sheets of A4: three by eight of 70 by 37 mm, each sheet an SVG to print."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

import segno

from hub.ports.whistle import Label
from hub.services.reports.label_code import in_groups

ACROSS, DOWN = 3, 8
WIDTH, HEIGHT = 210, 297
"""Millimetres of a sheet."""
STEP_X, STEP_Y = WIDTH / ACROSS, HEIGHT / DOWN
MARGIN = 3.0
"""Millimetres around what is printed: printers and knives are not exact."""
QR_SIDE = 29.0
QUIET = 4
"""Modules of white around a QR code, as its standard asks."""
TEXT_WIDTH = STEP_X - QR_SIDE - 2 * MARGIN - 1
FONT = "PingFang SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif"
ASK = "扫码报修 Scan to report"


def label_sheets(labels: Sequence[Label], url: str, community: str) -> list[str]:
    """Return one SVG for each sheet; `url` is where residents reach the hub."""
    count = ACROSS * DOWN
    portions = [labels[start : start + count] for start in range(0, len(labels), count)]
    return [_sheet(each, url, community) for each in portions]


def _sheet(labels: Sequence[Label], url: str, community: str) -> str:
    drawn = []
    for place, label in enumerate(labels):
        x, y = place % ACROSS * STEP_X, place // ACROSS * STEP_Y
        drawn.append(f'<g transform="translate({x:g} {y:g})">{_label(label, url, community)}</g>')
    size = f'width="{WIDTH}mm" height="{HEIGHT}mm" viewBox="0 0 {WIDTH} {HEIGHT}"'
    body = "\n".join(drawn)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">'
    return f'{head}\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n{body}\n</svg>'


def _label(label: Label, url: str, community: str) -> str:
    target, x = label.target, MARGIN + QR_SIDE + 1
    where = target.where if target.where != target.name else ""
    lines = [
        *((each, 4.2, "bold") for each in fold(target.name, TEXT_WIDTH / 4.2, 2)),
        *((each, 3.0, "normal") for each in fold(where, TEXT_WIDTH / 3.0, 2)),
        (in_groups(label.code), 3.9, "bold"),
        (ASK, 2.8, "normal"),
        *((each, 2.6, "normal") for each in fold(community, TEXT_WIDTH / 2.6, 1)),
    ]
    text, y = "", MARGIN + 1.0
    for words, size, weight in lines:
        y += size * 1.25
        style = f'font-size="{size}" font-weight="{weight}"'
        text += f'<text x="{x:g}" y="{y:.2f}" {style}>{escape(words)}</text>'
    return f"{_qr(f'{url}/w/{label.code}')}{text}"


def _qr(address: str) -> str:
    """Draw a QR code of level Q: a quarter of it may be scratched away."""
    rows = list(segno.make_qr(address, error="q").matrix_iter(border=QUIET))
    scale, top = QR_SIDE / len(rows), (STEP_Y - QR_SIDE) / 2
    place = f"translate({MARGIN:g} {top:g}) scale({scale:.5f})"
    runs = "".join(
        f"M{start} {y}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for start, length in _dark(row)
    )
    return f'<path transform="{place}" d="{runs}" shape-rendering="crispEdges"/>'


def _dark(row: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for is_dark, run in groupby(row):
        length = len(list(run))
        if is_dark:
            yield start, length
        start += length


def fold(text: str, width: float, most: int) -> list[str]:
    """Break text into at most so many lines of `width` Chinese characters; the rest is cut off."""
    lines, line, used = [], "", 0.0
    for sign in "".join(each if each.isprintable() else " " for each in text):
        wide = 1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.58
        if used + wide > width:
            lines.append(line)
            line, used = "", 0.0
        line, used = line + sign, used + wide
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    return [each.strip() for each in lines if each.strip()]
