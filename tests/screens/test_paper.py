"""On A4 there is what people sign, post and stick on, and nothing to press; white, at night too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.screens.gallery import SCREENS
from tests.screens.hall import Look, open_hall
from tests.screens.inspector import LOOK

pytestmark = pytest.mark.browser

A4 = (794, 1123)
"""Pixels of CSS."""
SHEETS = {
    "ticket": 2,
    "handover": 1,
    "notice": 1,
    "acceptance": 1,
    "labels": 2,
    "meeting": 1,
    "scorecard": 1,
}
"""Page → how many sheets of paper it takes at most."""
TO_PRESS = "[...document.querySelectorAll('button, input, select, textarea, .button, .bar, .skip')]"
PRINTED = (
    f"{TO_PRESS}.filter(each => each.checkVisibility()).map(each => each.outerHTML.slice(0, 99))"
)
GROUND = "[document.documentElement, document.body].map(e => getComputedStyle(e).backgroundColor)"
WHITE = {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}


async def test_sheets_of_paper_are_whole_white_and_few(
    require_server: Callable[[str], Path],
) -> None:
    look, faults = Look(size=A4, dark=True), []
    async with open_hall(require_server("chromium")) as hall, hall.window(look) as inspector:
        page = inspector.page
        await page.emulate_media(media="print", color_scheme="dark")
        for screen in (each for each in SCREENS if each.name in SHEETS):
            await hall.enter(inspector, screen, look, inspect=False)
            sheet = await page.pdf(format="A4", prefer_css_page_size=True)
            if folder := os.environ.get("SHEETS"):
                (Path(folder) / f"{screen.name}.pdf").write_bytes(sheet)
            found = [*await page.evaluate(PRINTED), *await page.evaluate(LOOK)]
            pages = sheet.count(b"/Type /Page\n")
            if found or not set(await page.evaluate(GROUND)) <= WHITE:
                faults.append((screen.name, found, await page.evaluate(GROUND)))
            if not 1 <= pages <= SHEETS[screen.name]:
                faults.append((screen.name, "sheets", pages))
    assert faults == []
