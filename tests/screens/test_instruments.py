"""What looks at the pages sees what is wrong with one: it would be silent otherwise as well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.acceptance.console_browser import ARGUMENTS
from tests.screens.inspector import Inspector
from tests.screens.test_keyboard import tab_through

pytestmark = pytest.mark.browser

BAD = """<!doctype html><html lang="zh-CN"><title>x</title><style>
a { outline: none } .cut { width: 2em; overflow: hidden; white-space: nowrap }
</style><main><h1>x</h1><img src="data:,"><p class="cut">a long line</p>
<p style="width: 3000px">wide</p><a href="/x">no ring</a><button hidden>x</button>
<input aria-label="x" id="trap"></main>
<script>trap.onkeydown = event => event.preventDefault(); console.error("oh")</script>
<footer><a href="/y">never reached</a></footer>"""


async def test_a_bad_page_is_told_from_a_good_one(require_server: Callable[[str], Path]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=require_server("chromium"), args=ARGUMENTS
        )
        async with browser:
            page = await browser.new_page()
            inspector = Inspector(page)
            await page.set_content(BAD)
            await inspector.inspect()
            said = {each.what.partition(":")[0] for each in inspector.findings if each.is_grave}
            assert said >= {"oh", "image-alt", "cut off", "3008 px wide"}
            missed, unseen = await tab_through(page)
            assert ["never reached" in each for each in missed] == [True]
            assert "no ring" in unseen[0]
