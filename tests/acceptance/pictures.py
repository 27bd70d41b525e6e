"""Pictures of pages: kept in `docs/screens` with `SCREENS=docs/screens`, else dropped."""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.async_api import Page

COLOURS, LARGEST = 32, 95_000
"""Of a picture, and its bytes: pages have few colours, and the repository is kept small."""
LONGEST = 1700
"""Pixels of a picture's height: what stands below is more of the same."""


async def take_picture(page: Page, name: str) -> None:
    """Take a picture of the whole page, and check that nothing of it is cut off at the side."""
    await page.wait_for_load_state()
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    assert wide, f"{name}: the page is wider than its window"
    if folder := os.environ.get("SCREENS"):
        picture = await page.screenshot(full_page=True)
        (Path(folder) / f"{name}.png").write_bytes(shrink(picture))


def shrink(picture: bytes) -> bytes:
    """Draw a PNG in its most frequent colours, without what is below `LONGEST`."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    top = whole.crop((0, 0, whole.width, min(whole.height, LONGEST)))
    counted = sorted(top.getcolors(top.width * top.height) or (), reverse=True)
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in counted[:COLOURS] for part in colour])
    drawn = top.quantize(palette=palette, dither=Image.Dither.NONE)
    body = io.BytesIO()
    drawn.save(body, "PNG", optimize=True)
    assert body.tell() <= LARGEST, "too large for the repository"
    return body.getvalue()
