"""No mouse: Tab reaches whatever can be pressed, shows where it is, and leaves the page again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.screens.gallery import SCREENS, Screen
from tests.screens.hall import Look, open_hall

pytestmark = pytest.mark.browser

DAILY = ("wall", "opening", "ticket", "hotline", "handover", "sign-in", "whistle")
"""What guards, the crew and residents use each day; the others are in `make screens`."""
WATCH = """() => {
  const can = 'a[href], button, input:not([type=hidden]), select, textarea, summary, '
    + '[tabindex="0"]';
  const ways = [...document.querySelectorAll(can)].filter(each => !each.disabled
    && (each.matches('.skip') || each.checkVisibility({ visibilityProperty: true })));
  window.missed = new Set(ways.map(each =>
    each.type === 'radio' ? document.getElementsByName(each.name)[0] : each));
  window.unseen = [];
  document.addEventListener('focusin', event => {
    const at = event.target, radio = at.type === 'radio';
    missed.delete(radio ? document.getElementsByName(at.name)[0] : at);
    const shown = [at, at.nextElementSibling, at.closest('label')].filter(Boolean);
    const box = at.getBoundingClientRect();
    if (!shown.some(each => getComputedStyle(each).outlineStyle !== 'none')
        || box.bottom < 0 || box.top > innerHeight) unseen.push(at.outerHTML.slice(0, 120));
  });
  const dates = document.querySelectorAll('[type=date], [type=time], [type=month]');
  const instants = document.querySelectorAll('[type|=datetime]');
  return ways.length + 8 * (dates.length + instants.length);
}"""
RESULT = """() => [[...missed].filter(each => each.isConnected)
  .map(each => each.outerHTML.slice(0, 120)), unseen]"""
"""What a part that was loaded meanwhile has replaced is not there to be reached."""


async def tab_through(page: Page) -> tuple[list[str], list[str]]:
    """Press Tab until everything had its turn; returns what was not reached, and not seen."""
    presses: int = await page.evaluate(WATCH)
    for _ in range(presses + 2):
        await page.keyboard.press("Tab")
    missed, unseen = await page.evaluate(RESULT)
    return missed, unseen


async def check(chromium: Path, screens: list[Screen]) -> None:
    look = Look()
    async with open_hall(chromium) as hall, hall.window(look) as inspector:
        page, faults = inspector.page, []
        for screen in screens:
            await hall.enter(inspector, screen, look, inspect=False)
            await page.evaluate("document.activeElement.blur()")
            missed, unseen = await tab_through(page)
            faults += [(screen.name, missed, unseen)] if missed or unseen else []
        assert faults == []


async def test_tab_reaches_and_shows_what_can_be_pressed(
    require_server: Callable[[str], Path],
) -> None:
    await check(require_server("chromium"), [each for each in SCREENS if each.name in DAILY])


@pytest.mark.screens
@pytest.mark.slow
async def test_tab_reaches_and_shows_what_can_be_pressed_anywhere(
    require_server: Callable[[str], Path],
) -> None:
    await check(require_server("chromium"), list(SCREENS))


async def test_the_first_tab_skips_the_links_on_top(require_server: Callable[[str], Path]) -> None:
    look = Look()
    async with open_hall(require_server("chromium")) as hall, hall.window(look) as inspector:
        screen = next(each for each in SCREENS if each.name == "tickets")
        await hall.enter(inspector, screen, look, inspect=False)
        page = inspector.page
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("!!document.activeElement.closest('#content')")
