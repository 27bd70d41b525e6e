"""Pictures of pages: kept in `docs/screens` with `SCREENS=docs/screens`, else dropped."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Page


async def take_picture(page: Page, name: str) -> None:
    """Take a picture of the whole page, and check that nothing of it is cut off at the side."""
    await page.wait_for_load_state()
    wide: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    assert wide, f"{name}: the page is wider than its window"
    folder = os.environ.get("SCREENS")
    path = Path(folder) / f"{name}.png" if folder else None
    await page.screenshot(path=path, full_page=True)
